package dev.perigee.web;

import reactor.netty.ReactorNetty;

/**
 * How many event loops a service has: one for each processor. Reactor Netty makes four at the least, for applications that
 * block them now and then. Ours do not, and on a single processor four that want it at once only wait for each other.
 */
public final class EventLoopCount {

    private EventLoopCount() {}

    /**
     * To be called before anything of Reactor Netty is used. The system property {@code reactor.netty.ioWorkerCount} has
     * the last word.
     */
    public static void fit() {
        if (System.getProperty(ReactorNetty.IO_WORKER_COUNT) == null) {
            System.setProperty(
                    ReactorNetty.IO_WORKER_COUNT,
                    Integer.toString(Runtime.getRuntime().availableProcessors()));
        }
    }
}
