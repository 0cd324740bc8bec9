package dev.perigee.home.query;

import dev.perigee.model.StatementAnswer;
import dev.perigee.model.StatementRequest;
import org.springframework.http.CacheControl;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** For edges: what may be kept of statements that do not come by here. */
@RestController
final class StatementController {

    private final StatementService service;

    StatementController(StatementService service) {
        this.service = service;
    }

    @PostMapping("/api/statements")
    Mono<ResponseEntity<StatementAnswer>> ask(@RequestBody StatementRequest request) {
        return Mono.defer(() -> service.ask(request))
                .map(answer ->
                        ResponseEntity.ok().cacheControl(CacheControl.noStore()).body(answer));
    }
}
