package dev.perigee.home.database;

import java.util.List;
import java.util.Objects;
import org.springframework.boot.health.contributor.AbstractReactiveHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import reactor.core.publisher.Mono;

/**
 * What home cannot see: tables outside the publication, DDL without the trigger. Neither makes home unhealthy, results
 * that depend on such tables are just not kept; the details say what would mend it.
 */
final class PublicationHealthIndicator extends AbstractReactiveHealthIndicator {

    private static final int MOST_STATEMENTS = 50;

    private final Publication publication;
    private final DdlTrigger trigger;

    PublicationHealthIndicator(Publication publication, DdlTrigger trigger) {
        super("The publication cannot be looked at");
        this.publication = publication;
        this.trigger = trigger;
    }

    @Override
    protected Mono<Health> doHealthCheck(Health.Builder builder) {
        return trigger.check().map(installed -> {
            List<TableStatus> tables = publication.lastSeen();
            List<TableStatus> missing =
                    tables.stream().filter(table -> !table.published()).toList();
            builder.up()
                    .withDetail("published", tables.size() - missing.size())
                    .withDetail("unpublished", missing.size())
                    .withDetail(
                            "statements",
                            missing.stream()
                                    .map(TableStatus::statement)
                                    .filter(Objects::nonNull)
                                    .limit(MOST_STATEMENTS)
                                    .toList())
                    .withDetail("ddl_trigger", installed ? "installed" : "missing");
            if (!installed) {
                builder.withDetail("ddl_trigger_sql", trigger.script());
            }
            return builder.build();
        });
    }
}
