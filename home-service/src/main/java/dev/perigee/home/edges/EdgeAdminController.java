package dev.perigee.home.edges;

import dev.perigee.model.EdgeNode;
import dev.perigee.model.EdgeStats;
import dev.perigee.model.InvalidationRequest;
import dev.perigee.model.InvalidationResult;
import dev.perigee.model.ProblemCode;
import dev.perigee.model.PruneResult;
import dev.perigee.web.ProblemException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/**
 * What operators call: who is there, who has to go, what is stale. What does something says what it produces: a client that
 * does not accept that is refused before it is done, not after.
 */
@RestController
@RequestMapping("/api/edge")
final class EdgeAdminController {

    private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration LONGEST_TIMEOUT = Duration.ofSeconds(60);

    private final EdgeRegistry registry;
    private final Fleet fleet;
    private final FleetDirectory directory;
    private final Invalidations invalidations;

    EdgeAdminController(EdgeRegistry registry, Fleet fleet, FleetDirectory directory, Invalidations invalidations) {
        this.registry = registry;
        this.fleet = fleet;
        this.directory = directory;
        this.invalidations = invalidations;
    }

    @GetMapping
    Mono<List<EdgeNode>> list() {
        return directory.edges();
    }

    @GetMapping("/{id}")
    Mono<EdgeNode> get(@PathVariable("id") String edgeId) {
        return directory.edge(edgeId);
    }

    @GetMapping("/{id}/stats")
    Mono<EdgeStats> stats(@PathVariable("id") String edgeId) {
        return directory.edge(edgeId).map(EdgeNode::stats);
    }

    @DeleteMapping("/{id}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    Mono<Void> evict(@PathVariable("id") String edgeId) {
        return fleet.evict(edgeId);
    }

    @PostMapping(path = "/prune", produces = MediaType.APPLICATION_JSON_VALUE)
    PruneResult prune() {
        return new PruneResult(registry.prune());
    }

    @PostMapping(path = "/invalidate", produces = MediaType.APPLICATION_JSON_VALUE)
    Mono<InvalidationResult> invalidate(
            @RequestBody InvalidationRequest request,
            @RequestParam(name = "await", required = false) @Nullable String await,
            @RequestParam(name = "timeout", required = false) @Nullable String timeout) {
        return invalidations.invalidate(request, awaited(await, timeout));
    }

    private static @Nullable Duration awaited(@Nullable String await, @Nullable String timeout) {
        if (await == null) {
            if (timeout != null) {
                throw new ProblemException(ProblemCode.INVALID_REQUEST, "timeout has no meaning without await=acked");
            }
            return null;
        }
        if (!await.equals("acked")) {
            throw new ProblemException(ProblemCode.INVALID_REQUEST, "await can only be acked");
        }
        Duration duration = timeout == null ? DEFAULT_TIMEOUT : duration(timeout);
        if (duration.isZero() || duration.isNegative() || duration.compareTo(LONGEST_TIMEOUT) > 0) {
            throw new ProblemException(ProblemCode.INVALID_REQUEST, "timeout must be more than 0 and at most 60s");
        }
        return duration;
    }

    private static Duration duration(String text) {
        try {
            return DurationStyle.detectAndParse(text);
        } catch (IllegalArgumentException | ArithmeticException refused) {
            throw new ProblemException(
                    ProblemCode.INVALID_REQUEST, "timeout is a duration such as 5s or 500ms", refused);
        }
    }
}
