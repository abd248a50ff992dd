import LinuxIO
import PluginKit

/// Putting a configuration to work, in the place of another or of none.
extension Server {
    /// What is opened for a configuration before it takes over.
    private struct Opened {
        var listeners: [Listener] = []
        var adminAddresses: [SocketAddress] = []
    }

    /// Starts a configuration beside the one at work, opens what it needs, has everybody use it, and closes what it does not
    /// name. With `changing` held.
    ///
    /// - Throws: what went wrong; the configuration at work has not been touched then.
    func take(_ configuration: Configuration, _ threads: Threads) throws(StartError) {
        let next = Generation(configuration, loop: threads.loop.loop)
        setCandidate(next)
        var opened = Opened()
        do throws(StartError) {
            try checkGoesOn()
            try next.startPlugins()
            // Nobody is to lose by a reload what was known before.
            if let current, current.reloadObstacle == nil, let obstacle = next.reloadObstacle {
                throw StartError(obstacle)
            }
            try checkGoesOn()
            opened.adminAddresses = try threads.admin.prepare(configuration.process.admin)
            let routes = try prepare(next, &opened, threads)
            try commit()
            change(to: next, routes, opened, threads)
        } catch {
            undo(next, opened, threads)
            throw error
        }
    }

    private func checkGoesOn() throws(StartError) {
        if isStopped { throw Server.isEnding }
    }

    private func socketCount(_ plan: ListenerPlan) -> Int {
        plan.takesDatagrams ? plan.socketCount ?? workerCount : 0
    }

    /// Opens the listeners and makes the routers. New addresses are served from here on.
    private func prepare(
        _ next: Generation, _ opened: inout Opened, _ threads: Threads
    ) throws(StartError) -> [ListenerPlan.Place: Generation.Routes] {
        var all: [ListenerPlan.Place: Generation.Routes] = [:]
        let process = next.configuration.process
        let loop = threads.loop
        // All sockets first: what cannot be had is found before anything runs.
        for plan in next.configuration.listeners {
            do throws(SystemError) {
                guard listeners[plan.listeningPlace] == nil else { continue }
                let there = Array(listeners.values) + opened.listeners
                opened.listeners.append(
                    try Listener.open(
                        plan.listeningPlace, socketCount: socketCount(plan),
                        beside: there.map(\.streamListener)))
            } catch {
                throw StartError("\(plan.location): \(error)")
            }
        }
        let new = Dictionary(uniqueKeysWithValues: opened.listeners.map { ($0.configured, $0) })
        for plan in next.configuration.listeners {
            guard let listener = listeners[plan.listeningPlace] ?? new[plan.listeningPlace] else { continue }
            let socket = listener.sockets.first
            do throws(SystemError) {
                let isNew = new[plan.listeningPlace] != nil
                let routes = try loop.perform { () throws(SystemError) in
                    let routes = next.makeRoutes(plan, socket)
                    if isNew {
                        try listener.serve(
                            loop: loop.loop, limits: plan.streamLimits, tls: plan.tls, clock: process.clock,
                            router: routes.stream)
                    }
                    return routes
                }
                all[plan.listeningPlace] = routes
                if isNew {
                    try listener.startWorkers(process) { next.makeWorkerRouter(plan, routes) }
                } else {
                    try addWorkers(listener, plan)
                }
            } catch {
                throw StartError("\(plan.location): \(error)")
            }
        }
        return all
    }

    /// Adds the workers that a listener needs besides those which it has. They answer by the configuration at work until that
    /// is another, so that nothing has to be taken back.
    private func addWorkers(_ listener: Listener, _ plan: ListenerPlan) throws(SystemError) {
        guard let current, let routes = routes[plan.listeningPlace],
            let old = current.configuration.listeners.first(where: { $0.listeningPlace == plan.listeningPlace })
        else { return }
        try listener.addWorkers(socketCount(plan), current.configuration.process) {
            current.makeWorkerRouter(old, routes)
        }
    }

    /// A worker that is given another router.
    private struct Replaced {
        let worker: DatagramWorker
        /// See `RouterPlace.hasLeft`.
        let seen: UInt64
    }

    /// The change itself, which nothing can prevent any more.
    private func change(
        to next: Generation, _ routes: [ListenerPlan.Place: Generation.Routes], _ opened: Opened, _ threads: Threads
    ) {
        let plans = next.configuration.listeners
        let clock = next.configuration.process.clock
        let kept = plans.filter { listeners[$0.listeningPlace] != nil }
        // Made before, so that all workers change within microseconds.
        var routers: [(DatagramWorker, Router)] = []
        for plan in kept {
            guard let listener = listeners[plan.listeningPlace], let routes = routes[plan.listeningPlace] else {
                continue
            }
            for worker in listener.workers { routers.append((worker, next.makeWorkerRouter(plan, routes))) }
        }
        let services = kept.compactMap { plan -> (StreamService, Router, ListenerPlan)? in
            let place = plan.listeningPlace
            guard let service = listeners[place]?.service, let routes = routes[place] else { return nil }
            return (service, routes.stream, plan)
        }
        let replaced = routers.map { Replaced(worker: $0, seen: $0.routers.replace(with: $1)) }
        if !services.isEmpty {
            // Nothing throws in there.
            _ = try? threads.loop.perform { () throws(SystemError) in
                for (service, router, plan) in services {
                    service.replace(router, limits: plan.streamLimits, tls: plan.tls, clock: clock)
                }
            }
        }
        threads.admin.use(next.configuration.process.admin)
        next.showPlugins()
        let previous = current
        let named = Set(plans.map(\.listeningPlace))
        let closing = listeners.filter { !named.contains($0.key) }.map(\.value)
        listeners = listeners.filter { named.contains($0.key) }
        for listener in opened.listeners { listeners[listener.configured] = listener }
        self.routes = routes
        setCurrent(next)
        previous?.configuration.process.lifecycle.isReplaced = true
        for listener in closing { close(listener) }
        // Whoever is told that the change is over must not find one of them still open.
        if !closing.isEmpty { _ = try? threads.loop.perform { () throws(SystemError) in } }
        if let previous { retire(previous, replaced, threads) }
    }

    private func close(_ listener: Listener) {
        listener.stopWorkers()
        listener.service?.close()
    }

    /// How long a worker's turn is waited for before it is looked at again, in milliseconds: turns take microseconds.
    private static let turnMilliseconds: Int32 = 1

    /// Lets go of a configuration: of its workers' routers at once, of the rest when its last query has been answered.
    private func retire(_ old: Generation, _ replaced: [Replaced], _ threads: Threads) {
        let pause = Stopper()
        for entry in replaced {
            while !entry.worker.routers.hasLeft(entry.seen) { _ = pause.wait(milliseconds: Self.turnMilliseconds) }
        }
        old.dropWorkerRouters()
        leave(old, threads)
    }

    /// Takes back what was done for a configuration that cannot take over.
    private func undo(_ next: Generation, _ opened: Opened, _ threads: Threads) {
        threads.admin.close(opened.adminAddresses)
        for listener in opened.listeners { close(listener) }
        next.dropWorkerRouters()
        setCandidate(nil)
        // It may have answered at new addresses for a moment, and its plugins stop only after that.
        leave(next, threads)
        // As a rule it has not: then it has left within two turns.
        for _ in 0..<2 { _ = try? threads.loop.perform { () throws(SystemError) in } }
    }

    /// Has a configuration leave the event loop when its last query has been answered. What is left to do then is for `sweep`.
    private func leave(_ generation: Generation, _ threads: Threads) {
        retired.append(generation)
        let tell: @Sendable () -> Void = { [weak self] in self?.tellRetired() }
        threads.loop.loop.execute { generation.leaveWhenDrained(tell) }
    }
}
