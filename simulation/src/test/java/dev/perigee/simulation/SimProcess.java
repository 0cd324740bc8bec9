package dev.perigee.simulation;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** One life of a process: its clocks, and whether it runs, stands still or is gone. */
abstract class SimProcess {

    private static final long WALL = Instant.parse("2026-01-01T00:00:00Z").getEpochSecond();
    private static final long SECOND = 1_000_000_000L;

    final World world;
    final String name;
    final long wallOffset;
    private final long offset;
    boolean alive = true;
    private long frozenUntil;

    SimProcess(World world, String name) {
        this.world = world;
        this.name = name;
        // Nobody may compare the clocks of two processes: they differ by up to an hour.
        this.offset = world.dice.nextLong() >>> 10;
        this.wallOffset = world.dice.millis(0, 2_000_000) - 1_000_000_000_000L;
    }

    /** Its monotonic clock. */
    final long nanos() {
        return world.now + offset;
    }

    /** The true time at which its monotonic clock showed this. */
    final long trueTime(long nanos) {
        return nanos - offset;
    }

    final Instant instant() {
        long time = world.now + wallOffset;
        return Instant.ofEpochSecond(WALL + Math.floorDiv(time, SECOND), Math.floorMod(time, SECOND));
    }

    /** The true time at which its wall clock showed this. */
    final long trueTime(Instant instant) {
        return (instant.getEpochSecond() - WALL) * SECOND + instant.getNano() - wallOffset;
    }

    final Clock clock() {
        return new Clock() {
            @Override
            public ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
                throw new UnsupportedOperationException();
            }

            @Override
            public Instant instant() {
                return SimProcess.this.instant();
            }
        };
    }

    final long frozenUntil() {
        return frozenUntil;
    }

    /** It stands still for so long, and then goes on where it was; what comes meanwhile waits, in its order. */
    final void freeze(long time) {
        frozenUntil = Math.max(frozenUntil, world.now + time);
    }

    /** Something happens in this process after so long, if it still lives then. */
    final void after(long delay, String what, Runnable task) {
        world.schedule(this, delay, what, task);
    }

    @Override
    public final String toString() {
        return name;
    }
}
