package dev.perigee.home.query;

import dev.perigee.model.EdgeReport;
import dev.perigee.model.PerigeeHeaders;
import java.util.List;
import java.util.TreeSet;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** For operators: what is remembered about statements, each for a minute at the most. */
@RestController
final class DecisionsController {

    private static final int MOST = 300;

    private final Decisions decisions;

    DecisionsController(Decisions decisions) {
        this.decisions = decisions;
    }

    record Judgements(List<JudgedStatement> statements) {}

    /**
     * One statement.
     *
     * @param sql its text, cut
     * @param cacheability {@code cacheable}, or the reason code why not
     * @param tables it depends on, if it is cacheable
     * @param searchPath of the sessions elsewhere it was asked for; empty for home's own
     */
    record JudgedStatement(String sql, String cacheability, List<String> tables, List<String> searchPath) {}

    @GetMapping("/api/console/decisions")
    Mono<Judgements> statements() {
        return Mono.fromSupplier(() -> new Judgements(decisions.hottest(MOST).stream()
                        .map(DecisionsController::describe)
                        .toList()))
                .subscribeOn(Schedulers.boundedElastic());
    }

    private static JudgedStatement describe(Decisions.Remembered remembered) {
        Reason reason = remembered.decision().reason();
        return new JudgedStatement(
                EdgeReport.cut(remembered.sql()),
                reason == null ? PerigeeHeaders.CACHEABLE : reason.code(),
                List.copyOf(new TreeSet<>(remembered.decision().tables())),
                remembered.searchPath());
    }
}
