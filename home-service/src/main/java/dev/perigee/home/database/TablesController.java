package dev.perigee.home.database;

import java.util.List;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** Which tables are published, and what would mend the others. */
@RestController
class TablesController {

    private final Publication publication;

    TablesController(Publication publication) {
        this.publication = publication;
    }

    record Tables(List<TableStatus> tables) {}

    @GetMapping("/api/tables")
    Mono<Tables> tables() {
        return publication.tables().map(Tables::new);
    }
}
