package dev.perigee.edge.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.perigee.edge.cache.CachedResult;
import dev.perigee.edge.cache.QueryKey;
import dev.perigee.model.QueryRequest;
import dev.perigee.model.StreamPosition;
import dev.perigee.web.MinVersion;
import dev.perigee.web.ProblemException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What requests ask for, and how answers explain themselves. */
class HeadersTest {

    @Test
    void cacheControl() {
        assertThat(CacheControl.parse(List.of())).isEqualTo(CacheControl.NONE);
        assertThat(CacheControl.parse(List.of("No-Cache, MAX-AGE=5", "only-if-cached ,no-store, stale-if-error = 60")))
                .isEqualTo(new CacheControl(true, true, true, 5L, 60L));
        assertThat(CacheControl.parse(List.of("max-age=\"7\", no-transform, x=\"1\", ,")))
                .isEqualTo(new CacheControl(false, false, false, 7L, null));
        assertThat(CacheControl.parse(List.of("max-age=9, max-age=3")).maxAge()).isEqualTo(3);
    }

    @Test
    void aNumberThatIsNoneAsksTheLeastOfTheCache() {
        for (String malformed : List.of("max-age", "max-age=", "max-age=-1", "max-age=1.5", "max-age=soon")) {
            assertThat(CacheControl.parse(List.of(malformed)).maxAge())
                    .as(malformed)
                    .isZero();
        }
        assertThat(CacheControl.parse(List.of("stale-if-error=x")).staleIfError())
                .isZero();
        assertThat(CacheControl.parse(List.of("max-age=99999999999999999999")).maxAge())
                .isEqualTo(1L << 31);
    }

    @Test
    void cacheStatus() {
        CacheStatus status = new CacheStatus("edge-1");
        assertThat(status.hit(42, null)).isEqualTo("edge-1; hit; ttl=42");
        assertThat(status.hit(-3, "stale-if-error")).isEqualTo("edge-1; hit; ttl=-3; detail=stale-if-error");
        assertThat(status.forwarded(CacheStatus.Forward.URI_MISS, 200, true, false, null))
                .isEqualTo("edge-1; fwd=uri-miss; fwd-status=200; stored");
        assertThat(status.forwarded(CacheStatus.Forward.STALE, 200, false, true, "invalidated"))
                .isEqualTo("edge-1; fwd=stale; fwd-status=200; collapsed; detail=invalidated");
        // A token begins with a letter; anything else is a string.
        assertThat(new CacheStatus("7th").hit(1, null)).isEqualTo("\"7th\"; hit; ttl=1");
        assertThat(new CacheStatus("a\"\\\u00e9").hit(1, null)).isEqualTo("\"a\\\"\\\\?\"; hit; ttl=1");
    }

    @Test
    void minVersionIsMetByALateReadOrByKnowingThatNothingConcernedIt() {
        CachedResult result = result("7.1", 100);
        assertThat(isIn("7.1:100", result, 50)).isTrue();
        assertThat(isIn("7.1:101", result, 50)).isFalse();
        assertThat(isIn("7.1:101", result, 101)).isTrue();
        assertThat(isIn("7.1:102", result, 101)).isFalse();
        assertThat(isIn("101", result, 101)).isTrue();
        assertThat(isIn("102", result, 101)).isFalse();
        assertThat(isIn("8.1:1", result, 101)).isFalse();
    }

    @Test
    void completenessOfAnotherEpochProvesNothing() {
        assertThat(read("150").isSatisfiedBy(result("7.1", 100), new StreamPosition("8.1", 200)))
                .isFalse();
    }

    @Test
    void malformedMinVersion() {
        assertThat(MinVersion.parse(List.of())).isNull();
        for (String malformed : List.of("", "x", ":1", "7.1:", "7.1:-1", "-1", "99999999999999999999", "a b:1")) {
            assertThatThrownBy(() -> MinVersion.parse(List.of(malformed)))
                    .as(malformed)
                    .isInstanceOf(ProblemException.class);
        }
        assertThatThrownBy(() -> MinVersion.parse(List.of("1", "2"))).isInstanceOf(ProblemException.class);
    }

    private static boolean isIn(String header, CachedResult result, long completeTo) {
        return read(header).isSatisfiedBy(result, new StreamPosition("7.1", completeTo));
    }

    private static Read read(String minVersion) {
        return new Read(
                QueryKey.of(new QueryRequest("SELECT 1", List.of())),
                new Read.Body(new byte[0]),
                CacheControl.parse(List.of()),
                MinVersion.parse(List.of(minVersion)));
    }

    private static CachedResult result(String epoch, long readAt) {
        return new CachedResult(
                new byte[0],
                "application/json",
                List.of("a.b"),
                "a.b",
                new StreamPosition(epoch, readAt),
                0,
                Duration.ofSeconds(60));
    }
}
