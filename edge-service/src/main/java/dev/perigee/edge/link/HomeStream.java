package dev.perigee.edge.link;

import dev.perigee.model.Acknowledgement;
import dev.perigee.model.AcknowledgementAnswer;
import dev.perigee.model.EdgeReport;
import dev.perigee.model.EdgeStats;
import dev.perigee.model.StreamPosition;
import dev.perigee.web.WireJson;
import java.net.URI;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.core.ParameterizedTypeReference;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.MediaType;
import org.springframework.http.client.reactive.ReactorClientHttpConnector;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.web.reactive.function.client.ClientResponse;
import org.springframework.web.reactive.function.client.WebClient;
import org.springframework.web.reactive.function.client.WebClientRequestException;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** The stream from home and the acknowledgements to it, over HTTP. Thread-safe. */
final class HomeStream {

    private static final int CONNECTIONS = 8;
    /** The largest frame names as many tables as one transaction can touch. */
    private static final int MAX_FRAME = 64 * 1024 * 1024;

    private static final int MAX_DETAIL = 200;
    private static final Duration ACK_TIMEOUT = Duration.ofSeconds(3);
    private static final ParameterizedTypeReference<ServerSentEvent<String>> FRAME =
            new ParameterizedTypeReference<>() {};

    private final WebClient http;
    private final LinkProperties properties;
    private final boolean encrypted;

    /**
     * Asks homes by these clients.
     *
     * @param encrypted whether our own clients reach us by https
     */
    HomeStream(HomeHttp clients, LinkProperties properties, boolean encrypted) {
        this.http = WebClient.builder()
                .clientConnector(new ReactorClientHttpConnector(clients.client("perigee-link", CONNECTIONS)))
                .codecs(codecs -> codecs.defaultCodecs().maxInMemorySize(MAX_FRAME))
                .build();
        this.properties = properties;
        this.encrypted = encrypted;
    }

    /**
     * Asks for the stream. What is not an event of the stream itself comes as an error, or as the end.
     *
     * @param homeUrl of the home to ask
     * @param onBytes called when anything at all arrives
     */
    Flux<LinkEvent> open(String homeUrl, int attempt, @Nullable StreamPosition cursor, int port, Runnable onBytes) {
        return http.post()
                .uri(URI.create(homeUrl + "/api/edge/register"))
                .contentType(MediaType.APPLICATION_JSON)
                .accept(MediaType.TEXT_EVENT_STREAM, MediaType.APPLICATION_PROBLEM_JSON)
                .headers(headers -> {
                    if (cursor != null) {
                        headers.set("Last-Event-ID", cursor.toString());
                    }
                })
                .bodyValue(WireJson.mapper().writeValueAsString(properties.registration(encrypted, port)))
                .exchangeToFlux(response -> {
                    if (response.statusCode().value() != 200) {
                        return detail(response)
                                .<LinkEvent>map(detail -> new LinkEvent.Refused(
                                        attempt, response.statusCode().value(), detail))
                                .flux();
                    }
                    return frames(response, attempt, onBytes);
                });
    }

    /** The body of the stream, cut into frames. */
    static Flux<LinkEvent> frames(ClientResponse response, int attempt, Runnable onBytes) {
        return response.mutate()
                .body(body -> body.doOnNext(buffer -> onBytes.run()).map(HomeStream::withoutCarriageReturns))
                .build()
                .bodyToFlux(FRAME)
                .map(frame -> new LinkEvent.Frame(attempt, frame.event(), frame.id(), frame.data()));
    }

    /**
     * Home ends lines with LF. To the standard a CR alone ends one too, to Spring it does not, and a frame would vanish in
     * the line before it.
     */
    private static DataBuffer withoutCarriageReturns(DataBuffer buffer) {
        if (buffer.indexOf(octet -> octet == '\r', buffer.readPosition()) >= 0) {
            DataBufferUtils.release(buffer);
            throw new IllegalStateException("somebody between home and us has changed the ends of the stream's lines");
        }
        return buffer;
    }

    /** Acknowledges, and gives home's answer; an error if there is none. */
    Mono<LinkEvent> acknowledge(String homeUrl, LinkAction.Acknowledge acknowledge, EdgeStats stats) {
        int attempt = acknowledge.attempt();
        return Mono.defer(() -> http.post()
                .uri(URI.create(homeUrl + "/api/edge/" + properties.edgeId() + "/ack"))
                .contentType(MediaType.APPLICATION_JSON)
                .bodyValue(WireJson.mapper()
                        .writeValueAsString(new Acknowledgement(
                                acknowledge.generation(),
                                acknowledge.upTo().version(),
                                stats,
                                acknowledge.upTo().epoch(),
                                acknowledge.appliedAgoMs())))
                .exchangeToMono(response -> response.bodyToMono(String.class)
                        .defaultIfEmpty("")
                        .<LinkEvent>map(body -> response.statusCode().value() == 200
                                ? new LinkEvent.AckAnswered(
                                        attempt,
                                        Objects.requireNonNull(
                                                WireJson.tolerant().readValue(body, AcknowledgementAnswer.class),
                                                "an answer without content"))
                                : new LinkEvent.AckRefused(
                                        attempt, response.statusCode().value())))
                .timeout(ACK_TIMEOUT));
    }

    /** Sends a report; an error if it was not taken. */
    Mono<Void> report(String homeUrl, EdgeReport report) {
        return http.post()
                .uri(URI.create(homeUrl + "/api/edge/" + properties.edgeId() + "/report"))
                .contentType(MediaType.APPLICATION_JSON)
                .bodyValue(WireJson.mapper().writeValueAsString(report))
                .retrieve()
                .toBodilessEntity()
                .then();
    }

    /** Why a connection failed, for people. */
    static String reason(Throwable failure) {
        Throwable cause = failure instanceof WebClientRequestException && failure.getCause() != null
                ? failure.getCause()
                : failure;
        String message = cause.getMessage();
        return message == null || message.isBlank() ? cause.getClass().getSimpleName() : message;
    }

    private static Mono<String> detail(ClientResponse response) {
        return response.bodyToMono(String.class).defaultIfEmpty("").map(HomeStream::detailOf);
    }

    private static String detailOf(String body) {
        try {
            JsonNode detail = WireJson.mapper().readTree(body).path("detail");
            if (detail.isString()) {
                return detail.asString();
            }
        } catch (JacksonException notJson) {
            // Not from home, then: a proxy perhaps. Show what it says.
        }
        return body.substring(0, Math.min(MAX_DETAIL, body.length()));
    }
}
