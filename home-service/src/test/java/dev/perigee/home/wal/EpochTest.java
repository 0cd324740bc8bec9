package dev.perigee.home.wal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class EpochTest {

    @Test
    void aPromotedStandbyARestartAndAnotherDatabaseSupersede() {
        assertThat(new Epoch("7.2.100", 180000).supersedes("7.1.200")).isTrue();
        assertThat(new Epoch("7.1.300", 180000).supersedes("7.1.200")).isTrue();
        assertThat(new Epoch("8.1.100", 180000).supersedes("7.2.200")).isTrue();
    }

    @Test
    void theSameServerAndThePrimaryOfBeforeDoNot() {
        assertThat(new Epoch("7.1.200", 180000).supersedes("7.1.200")).isFalse();
        assertThat(new Epoch("7.1.300", 180000).supersedes("7.2.200")).isFalse();
        assertThat(new Epoch("7.1.100", 180000).supersedes("7.1.200")).isFalse();
    }
}
