package dev.perigee.edge.query;

import dev.perigee.edge.cache.QueryKey;
import dev.perigee.model.PerigeeHeaders;
import dev.perigee.model.QueryRequest;
import dev.perigee.model.TransactionRequest;
import dev.perigee.web.MinVersion;
import dev.perigee.web.WireJson;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.ServerWebInputException;
import reactor.core.publisher.Mono;
import tools.jackson.core.JacksonException;

/** The query API, the same as home's. */
@RestController
class QueryController {

    private final QueryService service;

    QueryController(QueryService service) {
        this.service = service;
    }

    @PostMapping(path = "/api/query", consumes = MediaType.APPLICATION_JSON_VALUE)
    Mono<Void> query(@RequestBody byte[] body, ServerWebExchange exchange) {
        QueryRequest request = parse(body, QueryRequest.class);
        HttpHeaders headers = exchange.getRequest().getHeaders();
        Read read = new Read(
                QueryKey.of(request),
                new Read.Body(body),
                CacheControl.parse(headers.getOrEmpty(HttpHeaders.CACHE_CONTROL)),
                minVersion(exchange));
        return service.query(read).flatMap(reply -> reply.writeTo(exchange.getResponse()));
    }

    @PostMapping(path = "/api/transaction", consumes = MediaType.APPLICATION_JSON_VALUE)
    Mono<Void> transaction(@RequestBody byte[] body, ServerWebExchange exchange) {
        parse(body, TransactionRequest.class);
        return service.transaction(body, minVersion(exchange)).flatMap(reply -> reply.writeTo(exchange.getResponse()));
    }

    private static @Nullable MinVersion minVersion(ServerWebExchange exchange) {
        return MinVersion.parse(exchange.getRequest().getHeaders().getOrEmpty(PerigeeHeaders.MIN_VERSION));
    }

    private static <T> T parse(byte[] body, Class<T> type) {
        try {
            T value = WireJson.mapper().readValue(body, type);
            if (value != null) {
                return value;
            }
        } catch (JacksonException malformed) {
            throw new ServerWebInputException("The body cannot be read", null, malformed);
        }
        throw new ServerWebInputException("The body is null");
    }
}
