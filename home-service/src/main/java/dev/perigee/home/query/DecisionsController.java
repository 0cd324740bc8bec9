package dev.perigee.home.query;

import dev.perigee.home.database.ReportBoard;
import dev.perigee.model.EdgeReport;
import dev.perigee.model.PerigeeHeaders;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** For operators: what is remembered about statements, each for a minute at the most, at all homes. */
@RestController
final class DecisionsController {

    private static final int MOST = 300;
    private static final String PART = "decisions";
    private static final int SECONDS = 5;

    private final Decisions decisions;
    private final ReportBoard board;

    DecisionsController(Decisions decisions, ReportBoard board) {
        this.decisions = decisions;
        this.board = board;
        board.offer(PART, SECONDS, this::own);
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

    /** This home's first; of what several homes say alike, it is there once. */
    @GetMapping("/api/console/decisions")
    Mono<Judgements> statements() {
        return Mono.zip(
                Mono.fromSupplier(this::own).subscribeOn(Schedulers.boundedElastic()),
                board.read(PART, Judgements.class),
                (own, others) -> new Judgements(
                        Stream.concat(Stream.of(own), others.stream().map(ReportBoard.Posted::body))
                                .flatMap(said -> said.statements().stream())
                                .distinct()
                                .limit(MOST)
                                .toList()));
    }

    private Judgements own() {
        return new Judgements(decisions.hottest(MOST).stream()
                .map(DecisionsController::describe)
                .toList());
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
