package dev.perigee.home.edges;

import dev.perigee.model.EdgeReport;
import dev.perigee.web.BearerTokens;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** What the console asks for: the fleet as a stream, and what edges have reported of themselves. */
@RestController
final class ConsoleController {

    private final ConsoleStreams streams;
    private final EdgeReports reports;
    private final EdgeRegistry registry;

    ConsoleController(ConsoleStreams streams, EdgeReports reports, EdgeRegistry registry) {
        this.streams = streams;
        this.reports = reports;
        this.registry = registry;
    }

    /**
     * A report, if there is one: edges report while a console is open at any home.
     *
     * @param receivedAgoMs when it came, milliseconds ago
     */
    record ReceivedReport(
            String edgeId,
            @Nullable Long receivedAgoMs,
            @Nullable EdgeReport report) {}

    record Hits(List<EdgeReports.StatementHits> statements) {}

    @GetMapping(path = "/api/console/stream", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
    Mono<Void> stream(ServerHttpResponse response) {
        return streams.open(response);
    }

    @GetMapping("/api/console/hits")
    Mono<Hits> hits() {
        return reports.statements().map(Hits::new);
    }

    @GetMapping("/api/edge/{id}/report")
    Mono<ReceivedReport> report(@PathVariable("id") String edgeId) {
        return reports.of(edgeId)
                .map(told -> new ReceivedReport(edgeId, told.agoMs(), told.report()))
                .defaultIfEmpty(new ReceivedReport(edgeId, null, null));
    }

    @PostMapping("/api/edge/{id}/report")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    void take(
            @PathVariable("id") String edgeId,
            @RequestBody EdgeReport report,
            @AuthenticationPrincipal BearerTokens.Grant grant) {
        EdgeStreamController.checkSpeaksFor(grant, edgeId);
        registry.requireGeneration(edgeId, report.generation());
        reports.take(edgeId, report);
    }
}
