package dev.perigee.e2e.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WallClockAgentTest {

    /** Asks the wall clock. */
    public static final class Asker implements LongSupplier {
        @Override
        public long getAsLong() {
            return System.currentTimeMillis();
        }
    }

    private static final class Loader extends ClassLoader {
        Class<?> define(String name, byte[] bytes) {
            return defineClass(name, bytes, 0, bytes.length);
        }
    }

    @AfterEach
    void putRight() {
        ShiftedClock.shift(0);
    }

    @Test
    void callsOfTheWallClockAreLedToTheShiftedOne() throws Exception {
        byte[] redirected = WallClockAgent.redirect(bytes(Asker.class));
        LongSupplier asker = (LongSupplier) new Loader()
                .define(Asker.class.getName(), redirected)
                .getConstructor()
                .newInstance();

        assertThat(asker.getAsLong()).isCloseTo(System.currentTimeMillis(), within(Duration.ofMinutes(1)));
        ShiftedClock.shift(Duration.ofHours(1).toMillis());
        assertThat(asker.getAsLong() - Duration.ofHours(1).toMillis())
                .isCloseTo(System.currentTimeMillis(), within(Duration.ofMinutes(1)));
    }

    @Test
    void whatDoesNotAskStaysAsItIs() throws IOException {
        assertThat(WallClockAgent.redirect(bytes(Register.class))).isNull();
    }

    @Test
    void theJdksClockIsLedThereToo() throws IOException {
        assertThat(WallClockAgent.redirect(bytes(java.time.Clock.class))).isNotNull();
    }

    private static org.assertj.core.data.Offset<Long> within(Duration duration) {
        return org.assertj.core.data.Offset.offset(duration.toMillis());
    }

    private static byte[] bytes(Class<?> type) throws IOException {
        String file = '/' + type.getName().replace('.', '/') + ".class";
        try (InputStream in = WallClockAgentTest.class.getResourceAsStream(file)) {
            return in.readAllBytes();
        }
    }
}
