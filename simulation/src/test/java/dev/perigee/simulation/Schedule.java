package dev.perigee.simulation;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What is done to a cluster, and when: made from the seed beforehand, so that a part of it can be left out and the rest
 * stays as it was.
 */
final class Schedule {

    /** What can be done, and how likely it is in comparison. */
    enum Kind {
        READ(90),
        COMMIT(24),
        WRITE(6),
        BURST(3),
        SYNCHRONOUS_COMMITS(3),
        ASYNCHRONOUS_COMMITS(3),
        STANDBY_MISSING(2),
        ROLLBACK(2),
        LONG_TRANSACTION(3),
        DDL(2),
        INVALIDATE(2),
        CRASH(1),
        FAILOVER(1),
        LOSE_SLOT(1),
        LOSE_FEED(3),
        SLOW_FEED(2),
        HOLD_FEED(3),
        ELIGIBILITY(2),
        EVICT(1),
        KILL_HOME(2),
        DRAIN_HOME(1),
        FREEZE_HOME(1),
        RESTART_EDGE(1),
        FREEZE_EDGE(2),
        TWIN(1),
        CUT(4),
        HALF_OPEN(2),
        PARTITION(2),
        CUT_FRAME(1),
        DUPLICATE_FRAME(2),
        GARBLE_FRAME(1),
        SWAP_FRAMES(1),
        CUT_AFTER_RECORD(3),
        LOSE_ACK(2),
        DUPLICATE_ACK(1),
        LATE_ACK(2),
        LOSE_REGISTRATION(1),
        SLOW_LINK(2),
        BREAK_ACTION(1);

        private final int weight;

        Kind(int weight) {
            this.weight = weight;
        }

        private boolean isFault() {
            return !WORK.contains(this);
        }
    }

    private static final Set<Kind> WORK = EnumSet.of(Kind.READ, Kind.COMMIT, Kind.WRITE, Kind.BURST);
    private static final List<Kind> KINDS = List.of(Kind.values());

    record Action(int number, long time, Kind kind, long seed) {}

    private final List<Action> actions;

    private Schedule(List<Action> actions) {
        this.actions = actions;
    }

    /** Of every seed some faults only, and some quick and some slow: each fault gets its chance without the others. */
    static Schedule of(long seed) {
        Dice dice = new Dice(~seed);
        int share = 1 + dice.below(4);
        int[] weights = new int[KINDS.size()];
        int sum = 0;
        for (int i = 0; i < weights.length; i++) {
            Kind kind = KINDS.get(i);
            boolean on = !kind.isFault() || dice.below(4) < share;
            weights[i] = on ? kind.weight * (kind.isFault() ? 2 : 1) : 0;
            sum += weights[i];
        }
        int count = 30 + dice.below(60);
        int pace = dice.oneIn(4) ? 150_000 : dice.oneIn(2) ? 30_000 : 4_000;
        List<Action> actions = new ArrayList<>(count);
        long time = dice.millis(0, 400);
        for (int i = 0; i < count; i++) {
            time += dice.micros(0, dice.oneIn(8) ? 10 * pace : pace);
            int at = dice.below(sum);
            int kind = 0;
            while (at >= weights[kind]) {
                at -= weights[kind++];
            }
            actions.add(new Action(i, time, KINDS.get(kind), dice.nextLong()));
        }
        return new Schedule(actions);
    }

    /** The same without some. */
    Schedule without(BitSet left) {
        return new Schedule(
                actions.stream().filter(action -> !left.get(action.number)).toList());
    }

    List<Action> actions() {
        return actions;
    }
}
