package dev.perigee.edge.cache;

import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** Of what it is shown, the first so many by some order; holds no more than those. Not thread-safe. */
final class Top<T> {

    private final int limit;
    private final Comparator<T> order;
    private final PriorityQueue<T> best;

    Top(int limit, Comparator<T> order) {
        this.limit = limit;
        this.order = order;
        this.best = new PriorityQueue<>(order.reversed());
    }

    void show(T one) {
        best.add(one);
        if (best.size() > limit) {
            best.remove();
        }
    }

    /** The first one first. */
    List<T> sorted() {
        return best.stream().sorted(order).toList();
    }
}
