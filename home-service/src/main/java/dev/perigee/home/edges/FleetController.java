package dev.perigee.home.edges;

import dev.perigee.model.Capacity;
import dev.perigee.model.EdgeEligibility;
import dev.perigee.model.EligibilityRequest;
import dev.perigee.model.EligibleEdge;
import dev.perigee.model.HomeNode;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** Which edges may cache, which of them to send reads to, and which homes there are. */
@RestController
final class FleetController {

    private final Eligibilities eligibilities;
    private final FleetDirectory directory;

    FleetController(Eligibilities eligibilities, FleetDirectory directory) {
        this.eligibilities = eligibilities;
        this.directory = directory;
    }

    @PutMapping(path = "/api/edge/{id}/cache", produces = MediaType.APPLICATION_JSON_VALUE)
    Mono<ResponseEntity<EdgeEligibility>> enable(
            @PathVariable("id") String edgeId, @RequestBody EligibilityRequest request) {
        Capacity capacity = request.capacity();
        return eligibilities
                .enable(edgeId, capacity == null ? Capacity.UNSPECIFIED : capacity)
                .map(written -> ResponseEntity.status(written.created() ? HttpStatus.CREATED : HttpStatus.OK)
                        .body(written.row()));
    }

    @DeleteMapping("/api/edge/{id}/cache")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    Mono<Void> disable(@PathVariable("id") String edgeId) {
        return eligibilities.disable(edgeId).then();
    }

    @GetMapping("/api/edge/{id}/cache")
    Mono<EdgeEligibility> eligibility(@PathVariable("id") String edgeId) {
        return eligibilities.find(edgeId);
    }

    @GetMapping("/api/edge/eligible")
    Mono<List<EligibleEdge>> eligible(@RequestParam(name = "geo", required = false) @Nullable String geo) {
        return directory.eligible(geo);
    }

    @GetMapping("/api/home")
    Mono<List<HomeNode>> homes() {
        return directory.homes();
    }
}
