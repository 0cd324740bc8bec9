package dev.perigee.home.edges;

import dev.perigee.model.Acknowledgement;
import dev.perigee.model.AcknowledgementAnswer;
import dev.perigee.model.EdgeRegistration;
import dev.perigee.model.ProblemCode;
import dev.perigee.model.StreamPosition;
import dev.perigee.web.BearerTokens;
import dev.perigee.web.ProblemException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** What edges call: the stream, and the acknowledgements that keep it going. */
@RestController
final class EdgeStreamController {

    private static final String LAST_EVENT_ID = "Last-Event-ID";

    private final EdgeStreams streams;
    private final Acknowledgements acknowledgements;

    EdgeStreamController(EdgeStreams streams, Acknowledgements acknowledgements) {
        this.streams = streams;
        this.acknowledgements = acknowledgements;
    }

    @PostMapping(path = "/api/edge/register", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
    Mono<Void> register(
            @RequestBody EdgeRegistration registration,
            @RequestHeader(name = LAST_EVENT_ID, required = false) @Nullable String lastEventId,
            @AuthenticationPrincipal BearerTokens.Grant grant,
            ServerHttpResponse response) {
        checkSpeaksFor(grant, registration.edgeId());
        return streams.open(registration, position(lastEventId), grant.validFor(Instant.now()), response);
    }

    /** The same stream for clients that can only GET, such as a browser's {@code EventSource}. */
    @GetMapping(path = "/api/edge/subscribe", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
    Mono<Void> subscribe(
            @RequestParam("edge_id") String edgeId,
            @RequestParam("region") String region,
            @RequestParam("base_url") String baseUrl,
            @RequestHeader(name = LAST_EVENT_ID, required = false) @Nullable String lastEventId,
            @AuthenticationPrincipal BearerTokens.Grant grant,
            ServerHttpResponse response) {
        return register(registration(edgeId, region, baseUrl), lastEventId, grant, response);
    }

    @PostMapping(path = "/api/edge/{id}/ack", produces = MediaType.APPLICATION_JSON_VALUE)
    AcknowledgementAnswer acknowledge(
            @PathVariable("id") String edgeId,
            @RequestBody Acknowledgement ack,
            @AuthenticationPrincipal BearerTokens.Grant grant) {
        checkSpeaksFor(grant, edgeId);
        return acknowledgements.take(edgeId, ack);
    }

    private static EdgeRegistration registration(String edgeId, String region, String baseUrl) {
        try {
            return new EdgeRegistration(edgeId, region, baseUrl);
        } catch (IllegalArgumentException refused) {
            throw new ProblemException(ProblemCode.INVALID_REQUEST, String.valueOf(refused.getMessage()), refused);
        }
    }

    private static @Nullable StreamPosition position(@Nullable String lastEventId) {
        // An EventSource that has received no id yet may send the field empty.
        if (lastEventId == null || lastEventId.isEmpty()) {
            return null;
        }
        try {
            return StreamPosition.parse(lastEventId);
        } catch (IllegalArgumentException refused) {
            throw new ProblemException(
                    ProblemCode.INVALID_REQUEST, LAST_EVENT_ID + ": " + refused.getMessage(), refused);
        }
    }

    static void checkSpeaksFor(BearerTokens.Grant grant, String edgeId) {
        String bound = grant.edgeId();
        if (bound != null && !bound.equals(edgeId)) {
            throw new ProblemException(
                    ProblemCode.EDGE_ID_MISMATCH,
                    "The token, or certificate, may only speak for the edge " + bound + ".");
        }
    }
}
