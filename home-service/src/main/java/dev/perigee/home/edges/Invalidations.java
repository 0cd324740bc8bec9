package dev.perigee.home.edges;

import dev.perigee.home.database.TableResolver;
import dev.perigee.home.log.EpochLog;
import dev.perigee.home.log.InvalidationLog;
import dev.perigee.home.wal.Feed;
import dev.perigee.model.InvalidationRequest;
import dev.perigee.model.InvalidationResult;
import dev.perigee.model.InvalidationResult.Confirmation;
import dev.perigee.model.ProblemCode;
import dev.perigee.web.ProblemException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Manual invalidations: through the WAL, so that they are ordered with the commits, and then the answer to how far they
 * have got.
 */
final class Invalidations {

    /** How long to wait for streams that could be sent to and yet are not. */
    private static final Duration DELIVERY = Duration.ofSeconds(1);

    private static final Duration LOOK_INTERVAL = Duration.ofMillis(100);

    private static final int LOOKUPS_AT_ONCE = 8;

    private final TableResolver tables;
    private final Feed feed;
    private final InvalidationLog log;
    private final EdgeRegistry registry;
    private final FleetDirectory directory;
    private final Wakeups progress;

    Invalidations(
            TableResolver tables,
            Feed feed,
            InvalidationLog log,
            EdgeRegistry registry,
            FleetDirectory directory,
            Wakeups progress) {
        this.tables = tables;
        this.feed = feed;
        this.log = log;
        this.registry = registry;
        this.directory = directory;
        this.progress = progress;
    }

    /**
     * Invalidates and, once this home's log has it, waits until every session that is not held up by its own missing
     * acknowledgements has been sent it.
     *
     * @param await how long to wait for the acknowledgement of every edge that had a session then, at whichever home, or
     *     null
     */
    Mono<InvalidationResult> invalidate(InvalidationRequest request, @Nullable Duration await) {
        return resolve(request)
                .flatMap(names -> feed.invalidate(names).flatMap(version -> report(version, names, await)));
    }

    private Mono<List<String>> resolve(InvalidationRequest request) {
        List<String> asked = request.tables();
        if (asked == null || Boolean.TRUE.equals(request.all())) {
            return Mono.just(List.of());
        }
        return Flux.fromIterable(asked)
                .flatMapSequential(
                        name -> tables.resolve(name).map(Optional::of).defaultIfEmpty(Optional.empty()),
                        LOOKUPS_AT_ONCE)
                .collectList()
                .map(found -> allOf(asked, found));
    }

    private static List<String> allOf(List<String> asked, List<Optional<String>> found) {
        TreeSet<String> names = new TreeSet<>();
        TreeSet<String> unknown = new TreeSet<>();
        for (int i = 0; i < asked.size(); i++) {
            String name = asked.get(i);
            found.get(i).ifPresentOrElse(names::add, () -> unknown.add(name));
        }
        if (!unknown.isEmpty()) {
            throw new ProblemException(
                            ProblemCode.TABLE_UNKNOWN, "There is no table " + String.join(", ", unknown) + ".")
                    .with("tables", List.copyOf(unknown));
        }
        return List.copyOf(names);
    }

    private Mono<InvalidationResult> report(long version, List<String> names, @Nullable Duration await) {
        int pruned = registry.prune().size();
        List<EdgeSession> sessions = registry.sessions();
        Mono<Void> sent = until(() -> sessions.stream().allMatch(session -> settled(session, version)));
        Mono<Optional<List<Confirmation>>> confirmed = await == null
                ? Mono.just(Optional.empty())
                : confirmations(version, await).map(Optional::of);
        return Mono.zip(sent.thenReturn(true), confirmed)
                .map(both -> new InvalidationResult(
                        version,
                        names,
                        Math.toIntExact(sessions.stream()
                                .filter(session -> session.delivered(version))
                                .count()),
                        pruned,
                        both.getT2().orElse(null)));
    }

    private static boolean settled(EdgeSession session, long version) {
        return session.delivered(version) || session.behind() || session.closed();
    }

    /**
     * Asks the directory again and again: what edges of other homes have confirmed stands there. By edge, not by session:
     * one that came back in the meantime, here or elsewhere, and has it, has it.
     */
    private Mono<List<Confirmation>> confirmations(long version, Duration await) {
        EpochLog present = log.current();
        String epoch = present == null ? "" : present.epoch();
        return directory.sightings().flatMap(asked -> {
            Set<String> missing = new TreeSet<>();
            asked.forEach(edge -> missing.add(edge.node().edgeId()));
            List<String> all = List.copyOf(missing);
            Mono<Void> looking = Mono.defer(directory::sightings)
                    .onErrorResume(unavailable -> Mono.just(List.of()))
                    .doOnNext(edges -> edges.stream()
                            .filter(edge -> edge.confirms(epoch, version))
                            .forEach(edge -> missing.remove(edge.node().edgeId())))
                    .then();
            return Flux.merge(
                            progress.flux(),
                            Flux.interval(Duration.ZERO, LOOK_INTERVAL).map(tick -> Wakeups.LOOK))
                    .onBackpressureLatest()
                    .concatMap(look -> looking.thenReturn(look), 1)
                    .filter(look -> missing.isEmpty())
                    .next()
                    .timeout(await, Mono.empty())
                    .then(Mono.fromSupplier(() -> all.stream()
                            .map(edgeId -> new Confirmation(edgeId, !missing.contains(edgeId)))
                            .toList()));
        });
    }

    private Mono<Void> until(BooleanSupplier done) {
        return Flux.merge(progress.flux(), Mono.just(Wakeups.LOOK))
                .filter(look -> done.getAsBoolean())
                .next()
                .then()
                .timeout(DELIVERY, Mono.empty());
    }
}
