package dev.perigee.home.database;

import java.util.List;
import java.util.function.Supplier;
import reactor.core.publisher.Mono;

/**
 * What homes tell each other for people to look at, and only while somebody looks: each is told whether a console is open
 * at another, and puts up then what it knows. Thread-safe; nothing blocks.
 */
public interface ReportBoard {

    /** Of a home that knows of no other. */
    ReportBoard ALONE = new ReportBoard() {
        @Override
        public void watch() {}

        @Override
        public void unwatch() {}

        @Override
        public boolean watchedElsewhere() {
            return false;
        }

        @Override
        public void post(String part, Object body) {}

        @Override
        public void offer(String part, int seconds, Supplier<?> body) {}

        @Override
        public <T> Mono<List<Posted<T>>> read(String part, Class<T> type) {
            return Mono.just(List.of());
        }
    };

    /**
     * What another home has put up.
     *
     * @param homeId which
     * @param agoMs how long ago, milliseconds
     * @param body what
     */
    record Posted<T>(String homeId, long agoMs, T body) {}

    /** Somebody begins to look, here: the other homes are to put up what they have. */
    void watch();

    /** Somebody has stopped looking. */
    void unwatch();

    /** Whether somebody looks at another home, as far as is known. */
    boolean watchedElsewhere();

    /** Puts this up within a second, in place of what was there, if somebody looks elsewhere; otherwise it is forgotten. */
    void post(String part, Object body);

    /**
     * From now on puts this up again and again while somebody looks elsewhere.
     *
     * @param seconds how often
     * @param body as it stands then; not asked on an event loop, and must not fail
     */
    void offer(String part, int seconds, Supplier<?> body);

    /** What the other homes have put up in the last two minutes; nothing if the database cannot be asked. */
    <T> Mono<List<Posted<T>>> read(String part, Class<T> type);
}
