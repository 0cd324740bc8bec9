# One Dockerfile for both services: --build-arg SERVICE=home-service or edge-service. Only the last stage differs.
FROM eclipse-temurin:25-jdk AS build
WORKDIR /src
COPY . .
RUN ./mvnw -q -B -Dmaven.test.skip=true -Dspotless.check.skip=true -pl home-service,edge-service -am package \
 && for service in home-service edge-service; do \
      java -Djarmode=tools -jar $service/target/$service.jar extract --layers --destination /layers/$service \
       && mv /layers/$service/application/$service.jar /layers/$service/application/service.jar || exit 1; \
    done

FROM eclipse-temurin:25-jre AS runtime
RUN useradd --system --uid 10001 --no-create-home perigee \
 && mkdir /data && chown perigee /data
ENV JAVA_TOOL_OPTIONS="-XX:MaxRAMPercentage=75 -XX:+ExitOnOutOfMemoryError -XX:+UseCompactObjectHeaders --enable-native-access=ALL-UNNAMED"

# By the very JVM that will use them, as whom PostgreSQL accepts: a start takes half the time with such a cache.
FROM runtime AS trained
COPY --from=build /layers/home-service/dependencies/ /layers/home-service/spring-boot-loader/ \
     /layers/home-service/snapshot-dependencies/ /layers/home-service/application/ /home-service/
COPY --from=build /layers/edge-service/dependencies/ /layers/edge-service/spring-boot-loader/ \
     /layers/edge-service/snapshot-dependencies/ /layers/edge-service/application/ /edge-service/
COPY deploy/aot-caches /
USER perigee
RUN bash /aot-caches /data /home-service/service.jar /edge-service/service.jar

FROM runtime
ARG SERVICE
# Where the cache was made: it does not fit elsewhere.
WORKDIR /${SERVICE}
# From what changes least to what changes most, so that a rebuild ships a few kilobytes besides the cache.
COPY --from=build /layers/${SERVICE}/dependencies/ ./
COPY --from=build /layers/${SERVICE}/spring-boot-loader/ ./
COPY --from=build /layers/${SERVICE}/snapshot-dependencies/ ./
COPY --from=build /layers/${SERVICE}/application/ ./
COPY --from=trained /data/${SERVICE}.aot service.aot
USER perigee
# A cache that does not fit, because of other options say, is passed over.
ENTRYPOINT ["java", "-XX:AOTCache=service.aot", "-jar", "service.jar"]
