package dev.perigee.simulation;

public final class Simulation {
    public static String run(long seed) {
        return seed > 3 ? "stub" : null;
    }
}
