package dev.perigee.home.query;

import dev.perigee.model.ProblemCode;
import dev.perigee.web.ProblemException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * How home runs statements.
 *
 * @param statementTimeout a statement that takes longer is cancelled
 * @param acquireTimeout how long a request waits for a connection from the pool
 * @param maxResultSize the most a result may take, as JSON
 * @param maxRows the most rows a result may have
 * @param maxSqlLength the longest text of one statement, in UTF-8
 * @param allowedFunctions functions to treat as immutable, name or schema.name; you promise that they are
 * @param decisionMemory how much text of statements is remembered along with the decision whether to keep their results
 * @param maxAnalyses statements of PostgreSQL sessions at edges that are analysed at once, each on a connection of
 *     the pool; keep it below the pool's size
 */
@ConfigurationProperties("perigee.home.query")
record QueryProperties(
        @DefaultValue("30s") Duration statementTimeout,
        @DefaultValue("5s") Duration acquireTimeout,
        @DefaultValue("4MB") DataSize maxResultSize,
        @DefaultValue("100000") int maxRows,
        @DefaultValue("256KB") DataSize maxSqlLength,
        @DefaultValue Set<String> allowedFunctions,
        @DefaultValue("16MB") DataSize decisionMemory,
        @DefaultValue("8") int maxAnalyses) {

    private static final Duration LONGEST = Duration.ofHours(1);
    private static final DataSize LARGEST = DataSize.ofMegabytes(256);

    QueryProperties {
        check(isBetween(statementTimeout, LONGEST), "statement-timeout must be more than 0 and at most 1 hour");
        check(isBetween(acquireTimeout, LONGEST), "acquire-timeout must be more than 0 and at most 1 hour");
        check(isBetween(maxResultSize), "max-result-size must be 1 KB to 256 MB");
        check(maxRows >= 1, "max-rows must be at least 1");
        check(isBetween(maxSqlLength), "max-sql-length must be 1 KB to 256 MB");
        check(isBetween(decisionMemory), "decision-memory must be 1 KB to 256 MB");
        check(maxAnalyses >= 1 && maxAnalyses <= 1000, "max-analyses must be 1 to 1000");
        allowedFunctions = Set.copyOf(allowedFunctions);
    }

    /**
     * Refuses a text that is too long.
     *
     * @throws ProblemException {@code payload-too-large}
     */
    void requireLength(String sql) {
        if (sql.getBytes(StandardCharsets.UTF_8).length > maxSqlLength.toBytes()) {
            throw new ProblemException(
                    ProblemCode.PAYLOAD_TOO_LARGE, "A statement has at most " + maxSqlLength.toBytes() + " bytes.");
        }
    }

    private static boolean isBetween(Duration duration, Duration longest) {
        return duration.toMillis() > 0 && duration.compareTo(longest) <= 0;
    }

    private static boolean isBetween(DataSize size) {
        return size.toBytes() >= 1024 && size.compareTo(LARGEST) <= 0;
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException("perigee.home.query." + otherwise);
        }
    }
}
