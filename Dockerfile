# One Dockerfile for both services: --build-arg SERVICE=home-service or edge-service.
FROM eclipse-temurin:25-jdk AS build
ARG SERVICE
WORKDIR /src
COPY . .
RUN ./mvnw -q -B -Dmaven.test.skip=true -Dspotless.check.skip=true -pl ${SERVICE} -am package \
 && java -Djarmode=tools -jar ${SERVICE}/target/${SERVICE}.jar extract --layers --destination /layers \
 && mv /layers/application/${SERVICE}.jar /layers/application/service.jar

FROM eclipse-temurin:25-jre
RUN useradd --system --uid 10001 --no-create-home perigee \
 && mkdir /data && chown perigee /data
WORKDIR /app
# From what changes least to what changes most, so that a rebuild ships a few kilobytes.
COPY --from=build /layers/dependencies/ ./
COPY --from=build /layers/spring-boot-loader/ ./
COPY --from=build /layers/snapshot-dependencies/ ./
COPY --from=build /layers/application/ ./
ENV JAVA_TOOL_OPTIONS="-XX:MaxRAMPercentage=75 -XX:+ExitOnOutOfMemoryError -XX:+UseCompactObjectHeaders --enable-native-access=ALL-UNNAMED"
# The classes as this JVM needs them, loaded and linked (JEP 483, 514): a start then takes two thirds of the time. The run that
# makes the cache puts the context together and starts nothing; the settings are only there because something has to be.
RUN java -XX:AOTCacheOutput=service.aot -Dspring.context.exit=onRefresh -jar service.jar \
      --spring.r2dbc.url=r2dbc:postgresql://none/none --perigee.home-url=http://none --perigee.auth-token=none \
 && test -s service.aot
USER perigee
# A cache that does not fit, because of other options say, is passed over.
ENTRYPOINT ["java", "-XX:AOTCache=service.aot", "-jar", "service.jar"]
