// Counts the instructions that this thread runs, for benchmarks only: unlike times, they hardly differ from run to run.
#ifndef CINSTRUCTIONCOUNT_H
#define CINSTRUCTIONCOUNT_H

#include <stdint.h>

// A counter of this thread's instructions outside of the kernel (perf_event_open(2)), or a negative errno where there is none:
// the processor or what it is emulated by lacks one, or kernel.perf_event_paranoid or a sandbox forbids it.
int cinstructioncount_open(void);
// Instructions since the counter was opened; 0 when it cannot be read.
uint64_t cinstructioncount_read(int counter);

#endif
