package dev.perigee.home.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.http.HttpHeaders;
import org.springframework.test.web.reactive.server.EntityExchangeResult;
import org.springframework.test.web.reactive.server.WebTestClient;

class ConsoleFilesTest {

    private static final WebTestClient CLIENT = client();

    private static final Pattern IMPORT = Pattern.compile("from \"\\./([^\"]+)\"");
    private static final Pattern REFERENCE = Pattern.compile("(?:src|href)=\"console/([^\"]+)\"");

    private static WebTestClient client() {
        try {
            return WebTestClient.bindToRouterFunction(new ConsoleConfiguration().console())
                    .build();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static Set<String> names() {
        String[] ours = Objects.requireNonNull(new File("src/main/resources/console").list());
        return Stream.concat(Stream.of(ours), Stream.of("uPlot.iife.min.js", "uPlot.min.css"))
                .collect(Collectors.toSet());
    }

    private static Set<String> scripts() {
        return names().stream()
                .filter(name -> name.endsWith(".js") && !name.startsWith("uPlot"))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static EntityExchangeResult<byte[]> get(String path) {
        return CLIENT.get()
                .uri(path)
                .exchange()
                .expectStatus()
                .isOk()
                .expectBody()
                .returnResult();
    }

    private static String content(String path) {
        return new String(get(path).getResponseBodyContent(), StandardCharsets.UTF_8);
    }

    private static Set<String> all(Pattern pattern, String text) {
        return pattern.matcher(text).results().map(found -> found.group(1)).collect(Collectors.toSet());
    }

    @Test
    void tellsTheBrowserWhatIsAllowed() {
        HttpHeaders headers = get("/").getResponseHeaders();
        assertThat(headers.getContentType()).hasToString("text/html;charset=utf-8");
        assertThat(headers.getFirst("Content-Security-Policy"))
                .startsWith("default-src 'none'; script-src 'self'; style-src 'self';")
                .contains("frame-ancestors 'none'")
                .doesNotContain("unsafe", "*", "http");
        assertThat(headers.getFirst("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(headers.getFirst("Referrer-Policy")).isEqualTo("no-referrer");
    }

    @Test
    void isFetchedAgainOnlyWhenItHasChanged() {
        String etag = get("/console/main.js").getResponseHeaders().getETag();
        CLIENT.get()
                .uri("/console/main.js")
                .header(HttpHeaders.IF_NONE_MATCH, etag)
                .exchange()
                .expectStatus()
                .isNotModified()
                .expectBody()
                .isEmpty();
        assertThat(get("/console/api.js").getResponseHeaders().getETag()).isNotEqualTo(etag);
    }

    @Test
    void isPackedForWhoTakesIt() throws IOException {
        byte[] packed = CLIENT.get()
                .uri("/console/main.js")
                .header(HttpHeaders.ACCEPT_ENCODING, "br, gzip;q=0.5")
                .exchange()
                .expectHeader()
                .valueEquals(HttpHeaders.CONTENT_ENCODING, "gzip")
                .expectBody()
                .returnResult()
                .getResponseBodyContent();
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(packed))) {
            assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo(content("/console/main.js"));
        }
        CLIENT.get()
                .uri("/console/main.js")
                .header(HttpHeaders.ACCEPT_ENCODING, "gzip;q=0, br")
                .exchange()
                .expectHeader()
                .doesNotExist(HttpHeaders.CONTENT_ENCODING);
    }

    @Test
    void servesNothingElse() {
        for (String path :
                new String[] {"/console/", "/console/no.js", "/console/%2e%2e/application.yml", "/index.html"}) {
            CLIENT.get().uri(path).exchange().expectStatus().isNotFound();
        }
    }

    @Test
    void thePageRefersToWhatThereIsAndHoldsNoCodeItself() {
        String page = content("/");
        Set<String> referred = all(REFERENCE, page);
        assertThat(names()).containsAll(referred);
        assertThat(referred).containsAll(scripts());
        assertThat(page)
                .doesNotContainPattern("<script(?![^>]* src=)")
                .doesNotContainPattern("(?i)<style|\\sstyle=|\\son[a-z]+=");
    }

    @ParameterizedTest
    @MethodSource("scripts")
    void textNeverBecomesMarkupAndNothingIsStored(String script) {
        String source = content("/console/" + script);
        assertThat(scripts()).containsAll(all(IMPORT, source));
        Matcher found = Pattern.compile(
                        "innerHTML|outerHTML|insertAdjacentHTML|document\\.write|DOMParser|srcdoc"
                                + "|\\beval\\b|new Function|localStorage|sessionStorage|indexedDB|\\.cookie|https?://(?!www\\.w3\\.org/2000/svg)")
                .matcher(source);
        assertThat(found.find() ? found.group() : null).isNull();
        assertThat(source.lines().count()).isLessThan(400);
    }
}
