package dev.perigee.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.perigee.model.EdgeConfig;
import java.net.URI;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EdgePropertiesTest {

    @Test
    void severalHomesInOrder() {
        assertThat(of(" https://b.example/x , http://a.example:8080,")
                        .toConfig()
                        .homeUrls())
                .containsExactly(URI.create("https://b.example/x"), URI.create("http://a.example:8080"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " , ", "home.example", "http://a.example,ftp://b.example", "http://a b", "http://"})
    void saysWhichPropertyIsWrong(String homeUrl) {
        assertThatThrownBy(() -> of(homeUrl).toConfig())
                .isInstanceOf(InvalidEdgeProperty.class)
                .hasMessageContaining("perigee.home-url")
                .hasMessageNotContaining("home-urls");
    }

    @Test
    void notMoreThanSixteenHomes() {
        String many = IntStream.range(0, 17).mapToObj(i -> "http://h" + i).collect(Collectors.joining(","));
        assertThatThrownBy(() -> of(many).toConfig()).hasMessageContaining("perigee.home-url must be at most 16");
    }

    private static EdgeProperties of(String homeUrl) {
        return new EdgeProperties(homeUrl, "token", EdgeConfig.DEFAULT_TTL, EdgeConfig.DEFAULT_MAX_ENTRIES);
    }
}
