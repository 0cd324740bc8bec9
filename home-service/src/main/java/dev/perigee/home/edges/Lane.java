package dev.perigee.home.edges;

import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The streams of one event loop. To wake them all is one task on the loop, the <em>pass</em>, which lets each look at its
 * session in turn.
 *
 * <p>No wake-up is lost: a pass forgets that it was asked for before its first look, a stream looks when it joins, and a
 * pass that was asked for during another follows that. Since it is always asked for after the change it is about, a look
 * sees the change.
 *
 * <p>Thread-safe; what is said to be the loop's is called by the loop alone.
 */
@SuppressWarnings("FutureReturnValueIgnored") // a timer of the loop
final class Lane {

    /** After so many looks the loop has something else to do: acknowledgements must not wait for a long pass. */
    private static final int SLICE = 256;
    /** News that can wait has one part in so many of the loop's time. */
    private static final int SHARE = 8;

    private static final long LONGEST_WAIT = TimeUnit.MILLISECONDS.toNanos(250);
    private static final long NOT_WORTH_A_TIMER = TimeUnit.MICROSECONDS.toNanos(100);

    private final EventLoop loop;
    private final Runnable progress;
    private final FrameBuffers buffers = new FrameBuffers();
    private final AtomicBoolean asked = new AtomicBoolean();
    private final AtomicBoolean askedForSoon = new AtomicBoolean();
    private volatile long wait;

    /** The loop's, as all that follows. */
    private final List<EdgeStream> streams = new ArrayList<>();

    private boolean passing;
    private int next;
    private long begun;

    /**
     * Of an event loop, without a stream.
     *
     * @param progress is run after every pass
     */
    Lane(EventLoop loop, Runnable progress) {
        this.loop = loop;
        this.progress = progress;
    }

    EventLoop loop() {
        return loop;
    }

    /** The loop's. */
    FrameBuffers buffers() {
        return buffers;
    }

    /** A stream has handed over everything there was. The loop's. */
    void progress() {
        progress.run();
    }

    /** Every stream is to look, now. Never blocks. */
    void wake() {
        if (!asked.getAndSet(true)) {
            loop.execute(this::pass);
        }
    }

    /** Every stream is to look, but there is no hurry: with a few streams it is done now, with many it is put together. */
    void wakeSoon() {
        long delay = wait;
        if (delay < NOT_WORTH_A_TIMER) {
            wake();
        } else if (!askedForSoon.getAndSet(true)) {
            loop.schedule(this::soon, delay, TimeUnit.NANOSECONDS);
        }
    }

    private void soon() {
        if (askedForSoon.get()) {
            wake();
        }
    }

    /** The loop's. */
    void join(EdgeStream stream) {
        streams.add(stream);
    }

    /** The loop's. */
    void leave(EdgeStream stream) {
        int at = streams.indexOf(stream);
        if (at >= 0) {
            EdgeStream last = streams.remove(streams.size() - 1);
            if (at < streams.size()) {
                streams.set(at, last);
            }
            if (passing) {
                // The one that has moved may have been passed over.
                asked.set(true);
            }
        }
    }

    private void pass() {
        if (!passing) {
            askedForSoon.set(false);
            asked.set(false);
            passing = true;
            next = 0;
            begun = System.nanoTime();
            slice();
        }
    }

    private void slice() {
        long now = System.nanoTime();
        for (int end = Math.min(next + SLICE, streams.size()); next < end && next < streams.size(); next++) {
            streams.get(next).look(now);
        }
        if (next < streams.size()) {
            loop.execute(this::slice);
            return;
        }
        passing = false;
        wait = Math.min(LONGEST_WAIT, (System.nanoTime() - begun) * SHARE);
        progress.run();
        if (asked.get()) {
            loop.execute(this::pass);
        }
    }
}
