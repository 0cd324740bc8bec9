package dev.perigee.edge.pgwire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class StartupTest {

    private static ByteBuf packet(int minor, String... parameters) {
        ByteBuf out = Unpooled.buffer().writeInt(0).writeInt(3 << 16 | minor);
        for (String text : parameters) {
            out.writeCharSequence(text, StandardCharsets.UTF_8);
            out.writeByte(0);
        }
        out.writeByte(0);
        return out.setInt(0, out.readableBytes());
    }

    private static Startup startup(String... parameters) throws ProtocolViolation {
        return new Startup(packet(0, parameters));
    }

    private static ByteBuf authentication(int code, Object... parts) {
        byte[] rest = Wire.message('R', parts);
        return Unpooled.wrappedBuffer(Wire.message('R', code, Arrays.copyOfRange(rest, 5, rest.length)));
    }

    @Test
    void isSentAsItCame() throws ProtocolViolation {
        ByteBuf packet = packet(0, "user", "u", "database", "d", "options", "-c search_path=x");
        Startup startup = new Startup(packet);
        assertThat(startup.packet()).isEqualTo(ByteBufUtil.getBytes(packet));
        assertThat(startup.isExotic()).isFalse();
        assertThat(startup.cancelKey()).isNull();
    }

    @Test
    void malformedPacketsAreRefused() {
        byte[] good = ByteBufUtil.getBytes(packet(0, "user", "u"));
        for (int length = 8; length < good.length; length++) {
            ByteBuf cut = Unpooled.copiedBuffer(good, 0, length);
            assertThatThrownBy(() -> new Startup(cut)).isInstanceOf(ProtocolViolation.class);
        }
    }

    @Test
    void walsendersAndOptionsOfTheProtocolAreExotic() throws ProtocolViolation {
        for (String value : new String[] {"true", "on", "database", "1", "yes", "DATABASE", "what"}) {
            assertThat(startup("replication", value).isExotic()).as(value).isTrue();
        }
        for (String value : new String[] {"false", "OFF", "no", "0", "f", "n"}) {
            assertThat(startup("replication", value).isExotic()).as(value).isFalse();
        }
        assertThat(startup("_pq_.anything", "").isExotic()).isTrue();
        assertThat(startup("user", "_pq_.anything").isExotic()).isFalse();
    }

    @Test
    void laterProtocolsAreExoticUntilTheServerTurnsThemDown() throws ProtocolViolation {
        assertThat(new Startup(packet(2, "user", "u")).isExotic()).isFalse();
        Startup later = new Startup(packet(9, "user", "u"));
        assertThat(later.isExotic()).isTrue();
        later.negotiated(Unpooled.wrappedBuffer(Wire.message('v', 3 << 16 | 2, 0)));
        assertThat(later.isExotic()).isFalse();
        assertThatThrownBy(() -> later.negotiated(Unpooled.wrappedBuffer(Wire.message('v', 2))))
                .isInstanceOf(ProtocolViolation.class);
    }

    @Test
    void whoIsAskedForNothingIsTrusted() throws ProtocolViolation {
        Startup startup = startup("user", "u");
        assertThat(startup.isTrusted()).isFalse();
        startup.authentication(authentication(0), UnpooledByteBufAllocator.DEFAULT);
        assertThat(startup.isAuthenticated()).isTrue();
        assertThat(startup.isTrusted()).isTrue();
        startup.again();
        assertThat(startup.isAuthenticated()).isFalse();
        for (int code : new int[] {2, 3, 5, 7, 9}) {
            startup.again();
            startup.authentication(authentication(code), UnpooledByteBufAllocator.DEFAULT);
            assertThat(startup.isAuthenticated()).isFalse();
            startup.authentication(authentication(0), UnpooledByteBufAllocator.DEFAULT);
            assertThat(startup.isAuthenticated()).isTrue();
            assertThat(startup.isTrusted()).as("%d", code).isFalse();
        }
        assertThatThrownBy(() -> startup.authentication(
                        Unpooled.wrappedBuffer(Wire.message('R', (short) 0)), UnpooledByteBufAllocator.DEFAULT))
                .isInstanceOf(ProtocolViolation.class);
    }

    @Test
    void theClientIsNotOfferedToBindItsChannel() throws ProtocolViolation {
        Startup startup = startup("user", "u");
        ByteBuf message = authentication(10, "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", (byte) 0);
        ByteBuf seen = startup.authentication(message, UnpooledByteBufAllocator.DEFAULT);
        assertThat(ByteBufUtil.getBytes(seen))
                .isEqualTo(ByteBufUtil.getBytes(authentication(10, "SCRAM-SHA-256", (byte) 0)));
        assertThat(message.refCnt()).isZero();
        seen.release();
        ByteBuf malformed = authentication(10, "SCRAM");
        assertThatThrownBy(() -> startup.authentication(malformed, UnpooledByteBufAllocator.DEFAULT))
                .isInstanceOf(ProtocolViolation.class);
        assertThat(malformed.refCnt()).as("the caller's").isEqualTo(1);
        startup.authentication(authentication(0), UnpooledByteBufAllocator.DEFAULT);
        assertThat(startup.isTrusted()).isFalse();
    }

    @Test
    void keysOfAnyLengthAreKept() throws ProtocolViolation {
        Startup startup = startup("user", "u");
        startup.backendKeyData(Unpooled.wrappedBuffer(Wire.message('K', 4711, 42)));
        assertThat(startup.backendPid()).isEqualTo(4711);
        assertThat(startup.cancelKey()).containsExactly(0, 0, 0, 42);
        startup.backendKeyData(Unpooled.wrappedBuffer(Wire.message('K', 4712, new byte[256])));
        assertThat(startup.cancelKey()).hasSize(256);
        assertThatThrownBy(() -> startup.backendKeyData(Unpooled.wrappedBuffer(Wire.message('K', 1, (short) 1))))
                .isInstanceOf(ProtocolViolation.class);
    }
}
