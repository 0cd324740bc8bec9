package dev.perigee.home.query;

import dev.perigee.model.PerigeeHeaders;
import dev.perigee.model.QueryRequest;
import dev.perigee.model.TransactionRequest;
import dev.perigee.web.MinVersion;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.util.UriUtils;
import reactor.core.publisher.Mono;

/** SQL over HTTP. Who does not accept JSON is refused before anything is run: after it, what was refused would be done. */
@RestController
final class QueryController {

    private final QueryService service;

    QueryController(QueryService service) {
        this.service = service;
    }

    @PostMapping(path = "/api/query", produces = MediaType.APPLICATION_JSON_VALUE)
    Mono<ResponseEntity<byte[]>> query(
            @RequestBody QueryRequest request,
            @RequestParam(name = "read_before", defaultValue = "false") boolean bounded,
            @RequestHeader HttpHeaders headers) {
        return Mono.defer(() -> service.query(request, minVersion(headers), bounded))
                .map(QueryController::respond);
    }

    @PostMapping(path = "/api/transaction", produces = MediaType.APPLICATION_JSON_VALUE)
    Mono<ResponseEntity<byte[]>> transaction(
            @RequestBody TransactionRequest request, @RequestHeader HttpHeaders headers) {
        return Mono.defer(() -> service.transaction(request.statements(), minVersion(headers)))
                .map(QueryController::respond);
    }

    private static @Nullable MinVersion minVersion(HttpHeaders headers) {
        return MinVersion.parse(headers.getOrEmpty(PerigeeHeaders.MIN_VERSION));
    }

    private static ResponseEntity<byte[]> respond(Answer answer) {
        ResponseEntity.BodyBuilder response = ResponseEntity.ok().contentType(MediaType.APPLICATION_JSON);
        Reason reason = answer.reason();
        response.header(PerigeeHeaders.CACHEABILITY, reason == null ? PerigeeHeaders.CACHEABLE : reason.code());
        if (answer.version() != null) {
            response.header(PerigeeHeaders.VERSION, answer.version().toString());
        }
        if (answer.readBefore() != null) {
            response.header(PerigeeHeaders.READ_BEFORE, answer.readBefore().toString());
        }
        if (reason != null) {
            response.cacheControl(CacheControl.noStore());
        } else {
            response.header(
                    PerigeeHeaders.TABLES,
                    answer.tables().stream()
                            .sorted()
                            .map(table -> UriUtils.encode(table, StandardCharsets.UTF_8))
                            .collect(Collectors.joining(",")));
            if (answer.ttl() != null) {
                response.header(
                        "Cache-Control", "private, max-age=" + answer.ttl().toSeconds());
            }
        }
        return response.body(answer.body());
    }
}
