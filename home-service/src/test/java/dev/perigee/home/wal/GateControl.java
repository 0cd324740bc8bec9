package dev.perigee.home.wal;

import java.util.Set;

/** Lets tests of other packages play the feed. */
public final class GateControl {

    private GateControl() {}

    /** The feed has connected: everything up to this version is visible. */
    public static void open(VisibilityGate gate, String epoch, long version) {
        gate.open(epoch, version, new Snapshot(1, 1, Set.of()));
    }

    /** Everything up to this version has been decoded, and is visible. */
    public static void advance(VisibilityGate gate, long version) {
        gate.advance(version);
    }

    /** The feed is gone. */
    public static void close(VisibilityGate gate) {
        gate.close();
    }
}
