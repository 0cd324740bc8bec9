package dev.perigee.web;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Slows down the guessing of tokens. Each address (of IPv6, each /64) may present so many different wrong tokens in a row,
 * and then one more each interval. While it has none left, what it presents is not looked at, right or wrong: otherwise
 * the refusal itself would tell which.
 *
 * <p>Behind one address there may be many, a company or a load balancer, and one who guesses must not shut out the rest.
 * So a token that was accepted from an address is accepted from there whatever others do; and presenting the same wrong
 * token again is no new guess, so that a client with a stale token uses up nothing. Who comes with a token that is right
 * but new at an address under attack shares with the attacker the looks that are left, and is told when to try again.
 * What remains to a guesser is to try, unhindered, the tokens in use at the very address it shares; it is their length
 * that protects those.
 *
 * <p>Memory is bounded, whatever addresses and tokens turn up. Thread-safe.
 */
final class GuessLimit {

    private static final Logger log = LoggerFactory.getLogger(GuessLimit.class);

    private static final int MOST_ADDRESSES = 10_000;
    private static final int MOST_ACCEPTED = 10_000;
    private static final int REMEMBERED_GUESSES = 8;
    private static final Duration FORGET_ADDRESS = Duration.ofMinutes(10);
    private static final Duration FORGET_ACCEPTED = Duration.ofDays(1);
    private static final int PREFIX = 8;

    private final int allowed;
    private final long refill;
    private final Ticker ticker;
    private final Cache<String, Guesses> addresses;
    private final Cache<Accepted, Boolean> accepted;

    /** A token, by its digest, that was right when it came from there. */
    private record Accepted(String address, String digest) {}

    /** Of one address. */
    private static final class Guesses {
        private final Set<String> wrong = new LinkedHashSet<>();
        private long used;
        private long since;
        private boolean refusing;
    }

    /** Counts by a monotonic clock. */
    GuessLimit(GuessProperties properties, Ticker ticker) {
        this.allowed = properties.allowed();
        this.refill = properties.refill().toNanos();
        this.ticker = ticker;
        this.addresses = Caffeine.newBuilder()
                .maximumSize(MOST_ADDRESSES)
                .expireAfterAccess(FORGET_ADDRESS)
                .ticker(ticker)
                .build();
        this.accepted = Caffeine.newBuilder()
                .maximumSize(MOST_ACCEPTED)
                .expireAfterAccess(FORGET_ACCEPTED)
                .ticker(ticker)
                .build();
    }

    /** What counts as one address. */
    static String address(@Nullable InetSocketAddress remote) {
        if (remote == null) {
            return "unknown";
        }
        InetAddress address = remote.getAddress();
        if (address instanceof Inet6Address) {
            return HexFormat.of().formatHex(Arrays.copyOf(address.getAddress(), PREFIX)) + "/64";
        }
        return address == null ? remote.getHostString() : address.getHostAddress();
    }

    /** How long to wait before a token from this address will be looked at; null if it may be now. */
    @Nullable
    Duration refuses(String address, String digest) {
        Guesses guesses = addresses.getIfPresent(address);
        if (guesses == null || accepted.getIfPresent(new Accepted(address, digest)) != null) {
            return null;
        }
        synchronized (guesses) {
            refill(guesses);
            if (guesses.used < allowed || guesses.wrong.contains(digest)) {
                return null;
            }
            if (!guesses.refusing) {
                guesses.refusing = true;
                log.warn("{} has presented {} wrong tokens; more of them are refused for now", address, allowed);
            }
            return Duration.ofNanos(Math.max(1, refill - (ticker.read() - guesses.since)));
        }
    }

    /** The token was wrong. */
    void failed(String address, String digest) {
        Guesses guesses = addresses.get(address, any -> fresh());
        synchronized (guesses) {
            refill(guesses);
            if (!guesses.wrong.add(digest)) {
                return;
            }
            if (guesses.wrong.size() > REMEMBERED_GUESSES) {
                guesses.wrong.remove(guesses.wrong.iterator().next());
            }
            guesses.used = Math.min(allowed, guesses.used + 1);
        }
    }

    /** The token was right. */
    void succeeded(String address, String digest) {
        Accepted known = new Accepted(address, digest);
        // Every request comes here, and to look is cheaper than to write.
        if (accepted.getIfPresent(known) == null) {
            accepted.put(known, Boolean.TRUE);
        }
    }

    private Guesses fresh() {
        Guesses guesses = new Guesses();
        guesses.since = ticker.read();
        return guesses;
    }

    private void refill(Guesses guesses) {
        long intervals = (ticker.read() - guesses.since) / refill;
        if (intervals > 0) {
            guesses.used = Math.max(0, guesses.used - intervals);
            guesses.since += intervals * refill;
            guesses.refusing &= guesses.used > allowed / 2;
        }
    }

    /** For tests: how many addresses are remembered. */
    long addresses() {
        addresses.cleanUp();
        return addresses.estimatedSize();
    }
}
