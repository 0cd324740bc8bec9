package dev.perigee.e2e.chaos;

/** The wall clock of a process whose clock is wrong. Calls of the real one are led here by {@link WallClockAgent}. */
public final class ShiftedClock {

    private static volatile long shiftMillis;

    private ShiftedClock() {}

    /** From now on the clock is wrong by this much. */
    public static void shift(long millis) {
        shiftMillis = millis;
    }

    /** Instead of {@link System#currentTimeMillis()}. */
    public static long currentTimeMillis() {
        return System.currentTimeMillis() + shiftMillis;
    }

    /** Instead of the JDK's own, from which {@link java.time.Clock} makes its instants. */
    public static long getNanoTimeAdjustment(long offsetSeconds) {
        return (currentTimeMillis() - offsetSeconds * 1000) * 1_000_000;
    }
}
