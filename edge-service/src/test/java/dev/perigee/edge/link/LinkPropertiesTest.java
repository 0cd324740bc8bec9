package dev.perigee.edge.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.perigee.model.Interest;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class LinkPropertiesTest {

    @Test
    void interestedInEverythingUnlessToldOtherwise() {
        assertThat(bind(Map.of()).tables()).isEqualTo(Interest.EVERYTHING);
        assertThat(bind(Map.of()).registration(false, 1).tables()).isNull();
        assertThat(bind(Map.of("perigee.edge.interest", "")).tables()).isEqualTo(Interest.EVERYTHING);
    }

    @Test
    void isReachedTheWayItsServerSpeaksUnlessToldOtherwise() {
        assertThat(bind(Map.of()).registration(false, 81).baseUrl())
                .startsWith("http://")
                .endsWith(":81");
        assertThat(bind(Map.of()).registration(true, 81).baseUrl())
                .startsWith("https://")
                .endsWith(":81");
        assertThat(bind(Map.of("perigee.edge.base-url", "http://lb"))
                        .registration(true, 81)
                        .baseUrl())
                .isEqualTo("http://lb");
    }

    @Test
    void registersForItsInterest() {
        LinkProperties some = bind(Map.of("perigee.edge.interest", "public.users, sales.*"));
        assertThat(some.registration(false, 1).tables()).containsExactly("public.users", "sales.*");
        assertThat(some.tables().covers("sales.orders")).isTrue();
        assertThat(some.tables().covers("public.orders")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"users", "public.users,,", ".users"})
    void anInterestThatIsNoneIsRefusedByName(String interest) {
        assertThatThrownBy(() -> bind(Map.of("perigee.edge.interest", interest)))
                .rootCause()
                .hasMessageStartingWith("perigee.edge.interest must be");
    }

    private static LinkProperties bind(Map<String, String> properties) {
        return new Binder(new MapConfigurationPropertySource(properties))
                .bindOrCreate("perigee.edge", LinkProperties.class);
    }
}
