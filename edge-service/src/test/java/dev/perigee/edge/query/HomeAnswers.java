package dev.perigee.edge.query;

import io.netty.handler.codec.http.DefaultHttpHeaders;

/** Makes answers of home's for tests of other packages. */
public final class HomeAnswers {

    private HomeAnswers() {}

    public static HomeAnswer of(int status, byte[] body) {
        return new HomeAnswer(status, new DefaultHttpHeaders(), body);
    }
}
