package dev.perigee.simulation;

import dev.perigee.home.edges.HomeEdges;
import dev.perigee.home.edges.HomeEdges.Wire;
import dev.perigee.model.Goodbye;
import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.StreamPosition;
import dev.perigee.simulation.Coverage.Happened;

/**
 * One connection for the stream, from an attempt of an edge to the end of it on both sides. Frames stay in order and
 * whole, until the connection breaks; then each side learns of it in its own time, or never.
 */
final class SimStream {

    private final World world;
    private final Dice dice;
    final SimEdge edge;
    final int attempt;
    private final Cluster cluster;
    private SimHome home;
    private HomeEdges.Session session;
    private boolean edgeGone;
    private boolean over;
    private boolean silent;
    private long lastArrival;
    private int underWay;
    private int room;
    private Wire overtaken;
    /** The next frame comes cut, twice, in part though more follow, or after the one behind it. */
    boolean cutNext;

    boolean twiceNext;
    boolean garbleNext;
    boolean swapNext;
    /** The connection breaks right after the next invalidation. */
    boolean cutAfterRecord;
    /** Home has given the edge up for its silence. */
    boolean pruned;

    SimStream(Cluster cluster, SimEdge edge, int attempt) {
        this.cluster = cluster;
        this.world = cluster.world;
        this.dice = world.dice;
        this.edge = edge;
        this.attempt = attempt;
        this.room = 2 + dice.below(12);
    }

    void begin(SimHome at, HomeEdges.Session begun) {
        this.home = at;
        this.session = begun;
    }

    boolean closedByEdge() {
        return edgeGone;
    }

    boolean isOpen() {
        return session != null && !over && !edgeGone;
    }

    SimHome home() {
        return home;
    }

    HomeEdges.Session session() {
        return session;
    }

    /** Hands over what there is, as far as the socket takes it. */
    void pump(long nanos) {
        if (session == null || over) {
            return;
        }
        while (underWay < room || session.closed()) {
            Wire frame = session.next(nanos);
            if (frame == null) {
                if (session.windowFull()) {
                    world.coverage.count(Happened.WINDOWS_FULL);
                }
                return;
            }
            send(frame);
            Goodbye.Reason reason = HomeEdges.goodbye(frame);
            if (reason != null) {
                home.takesLeave(this, reason);
                closedByHome("goodbye");
                return;
            }
        }
    }

    private void send(Wire frame) {
        if (world.traced()) {
            world.say(home.name, "to " + this + ": " + frame);
        }
        underWay++;
        boolean placed = frame.position() != null;
        boolean cut = cutNext && frame.event() != null;
        boolean twice = twiceNext && placed;
        boolean garbled = garbleNext && placed;
        boolean swapped = swapNext && placed && !garbled;
        boolean last = cutAfterRecord && frame.event() instanceof InvalidationEvent;
        cutNext &= !cut;
        twiceNext &= !twice;
        garbleNext &= !garbled;
        swapNext &= !swapped;
        cutAfterRecord &= !last;
        if (silent) {
            return;
        }
        arrive(frame.name(), () -> {
            underWay--;
            if (cut) {
                world.coverage.count(Happened.CUT_FRAMES);
                edge.half(this, frame);
                breaks("cut within a frame");
            } else if (garbled) {
                world.coverage.count(Happened.GARBLED_FRAMES);
                edge.half(this, frame);
            } else if (swapped) {
                overtaken = frame;
                edge.after(50_000_000, "has waited for " + frame.name() + " of " + this, this::deliverOvertaken);
            } else {
                edge.frame(this, frame);
                if (overtaken != null) {
                    world.coverage.count(Happened.SWAPPED_FRAMES);
                    deliverOvertaken();
                }
                if (twice) {
                    world.coverage.count(Happened.DUPLICATED_FRAMES);
                    edge.frame(this, frame);
                }
                if (last) {
                    world.coverage.count(Happened.CUTS_AFTER_RECORDS);
                    breaks("cut between frames");
                }
            }
            if (home.alive && underWay == room - 1) {
                home.wake();
            }
        });
    }

    private void deliverOvertaken() {
        Wire frame = overtaken;
        overtaken = null;
        if (frame != null) {
            edge.frame(this, frame);
        }
    }

    private void breaks(String why) {
        edge.lost(this, why);
        edgeGone = true;
        edgeIsGone();
    }

    private void arrive(String what, Runnable task) {
        long at = Math.max(lastArrival, world.now + cluster.delay(edge));
        lastArrival = at;
        edge.after(at - world.now, "hears " + what + " of " + this, task);
    }

    void acknowledged(StreamPosition upTo) {
        session.acknowledged(upTo);
    }

    /** From here on nothing comes through, and nobody is told. */
    void breakSilently() {
        silent = true;
    }

    /** It breaks, and both sides learn of it soon. */
    void cut() {
        silent = true;
        edge.after(dice.micros(10, 20_000), "loses " + this, () -> edge.lost(this, "cut"));
        if (home != null) {
            home.after(dice.micros(10, 50_000), "loses " + this, this::end);
        }
    }

    /** The edge has let it go, or its process is gone. */
    void edgeCloses() {
        if (edgeGone) {
            return;
        }
        edgeGone = true;
        edgeIsGone();
    }

    /** Home's socket shows that the edge is gone, unless nothing comes through. */
    void edgeIsGone() {
        if (home != null && !silent) {
            home.after(dice.micros(10, 50_000), "misses " + edge, this::end);
        } else if (home != null && dice.oneIn(2)) {
            home.after(dice.millis(500, 10_000), "gives up " + edge, this::end);
        }
    }

    private void end() {
        if (!over) {
            over = true;
            home.streams.remove(this);
            session.ended();
        }
    }

    /** Home is done with it. */
    void closedByHome(String why) {
        if (home != null) {
            end();
        }
        if (!silent) {
            arrive("the end", () -> edge.lost(this, why));
        }
    }

    void refused(int status) {
        if (!silent) {
            arrive("a refusal", () -> edge.refused(this, status));
        }
    }

    /** The process at the other end is gone. */
    void homeIsGone() {
        over = true;
        if (!silent) {
            arrive("a broken connection", () -> edge.lost(this, "home is gone"));
        }
    }

    @Override
    public String toString() {
        return edge.name + "#" + attempt;
    }
}
