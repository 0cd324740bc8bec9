package dev.perigee.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.util.concurrent.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import reactor.netty.resources.LoopResources;

/** Many subscribers on one event loop; to be used from another thread. */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes its channel
final class Audience implements AutoCloseable {

    private static final int AT_ONCE = 50;
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(60);
    private static final int TICK = 5;

    private final LoopResources loops = LoopResources.create("audience", 1, true);
    private final EventLoopGroup group = loops.onClient(true);
    private final EventLoop loop = group.next();
    private final List<Subscriber> subscribers = new ArrayList<>();

    Audience() {
        loop.scheduleAtFixedRate(
                () -> {
                    long now = System.nanoTime();
                    subscribers.forEach(subscriber -> subscriber.tick(now));
                },
                TICK,
                TICK,
                TimeUnit.MILLISECONDS);
    }

    /** Connects one after the other, some at once, and waits until all of them hear. */
    void connect(int port, int count, IntFunction<Subscriber> maker) {
        for (int n = 0; n < count; n++) {
            Subscriber subscriber = maker.apply(n);
            on(() -> subscribers.add(subscriber));
            open(port, channel -> channel.pipeline().addLast(subscriber));
            int enough = n + 1 - AT_ONCE;
            await("subscribers", () -> readyCount() >= enough);
        }
        await("all subscribers", () -> readyCount() >= count);
    }

    /** Opens a connection that acknowledges. */
    void join(int port, Acknowledgements acks) {
        open(port, channel -> acks.join(channel.pipeline()));
    }

    private void open(int port, Consumer<Channel> initializer) {
        new Bootstrap()
                .group(loop)
                .channelFactory(() -> loops.onChannel(SocketChannel.class, group))
                .option(ChannelOption.TCP_NODELAY, true)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        initializer.accept(channel);
                    }
                })
                .connect("127.0.0.1", port);
    }

    private long readyCount() {
        return on(() -> subscribers.stream().filter(Subscriber::ready).count());
    }

    /** The first so many stop reading, or go on. */
    void stall(int count, boolean stalled) {
        on(() -> {
            subscribers.subList(0, count).forEach(subscriber -> subscriber.stall(stalled));
            return count;
        });
    }

    /** How many of those behind the first so many do not have everything up to a number. */
    long lacking(int from, int number) {
        return on(() -> subscribers.subList(from, subscribers.size()).stream()
                .filter(subscriber -> subscriber.has() < number)
                .count());
    }

    /** How many streams have ended. */
    long ended() {
        return on(() -> subscribers.stream().filter(Subscriber::ended).count());
    }

    /** Ends all streams. */
    void disconnect() {
        on(() -> {
            subscribers.forEach(Subscriber::close);
            subscribers.clear();
            return 0;
        });
    }

    /** Runs on the event loop. */
    <T> T on(Callable<T> task) {
        Future<T> done = loop.submit(task).awaitUninterruptibly();
        if (!done.isSuccess()) {
            throw new IllegalStateException(done.cause());
        }
        return done.getNow();
    }

    /** Waits until something is so; gives whether it is. */
    static boolean awaited(long nanos, Callable<Boolean> condition) {
        long deadline = System.nanoTime() + nanos;
        try {
            while (!condition.call()) {
                if (System.nanoTime() > deadline) {
                    return false;
                }
                LockSupport.parkNanos(1_000_000);
            }
        } catch (Exception failure) {
            throw new IllegalStateException(failure);
        }
        return true;
    }

    private static void await(String what, Callable<Boolean> condition) {
        if (!awaited(PATIENCE, condition)) {
            throw new IllegalStateException("waited in vain for " + what);
        }
    }

    @Override
    public void close() {
        disconnect();
        loops.dispose();
    }
}
