package dev.perigee.web;

import org.springframework.security.core.AuthenticationException;

/** Whether a token is right cannot be told now, for want of its issuer's keys. */
final class IssuerUnavailable extends AuthenticationException {

    private static final long serialVersionUID = 1L;

    IssuerUnavailable(String reason) {
        super(reason);
    }
}
