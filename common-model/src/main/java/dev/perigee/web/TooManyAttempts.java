package dev.perigee.web;

import java.time.Duration;
import org.springframework.security.core.AuthenticationException;

/** A token was not looked at, since too many wrong ones came from the same address. */
final class TooManyAttempts extends AuthenticationException {

    private static final long serialVersionUID = 1L;

    private final Duration retryAfter;

    TooManyAttempts(Duration retryAfter) {
        super("too many wrong tokens from this address");
        this.retryAfter = retryAfter;
    }

    /** When it is worth trying again, in whole seconds, at least 1. */
    long retryAfterSeconds() {
        return Math.max(1, retryAfter.plusNanos(999_999_999).toSeconds());
    }
}
