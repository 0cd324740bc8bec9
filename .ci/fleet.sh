# Starts services from the packaged jars, and ends them with the script. To be sourced, in the repository's root, by a bash
# that has set work: the directory for their logs.

pids=()
names=()

stop() {
    local status=$? name
    trap - EXIT
    if [ "$status" -ne 0 ]; then
        for name in "${names[@]}"; do
            echo "--- the end of $name.log"
            tail -n 15 "$work/$name.log"
        done
    fi
    # Edges first; home takes its database along.
    for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
        kill "${pids[i]}" 2>/dev/null || true
        for ((n = 0; n < 75; n++)); do
            kill -0 "${pids[i]}" 2>/dev/null || break
            sleep 0.2
        done
        kill -KILL "${pids[i]}" 2>/dev/null || true
    done
    exit "$status"
}
trap stop EXIT
trap 'exit 130' INT TERM

fail() {
    echo "$*" >&2
    exit 1
}

# Below the range that systems take ports from for themselves.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 10000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
}

java=java
[ -z "${JAVA_HOME:-}" ] || java=$JAVA_HOME/bin/java
secret=$RANDOM$RANDOM$RANDOM
export ADMIN_TOKEN=admin-$secret CLIENT_TOKEN=client-$secret EDGE_TOKEN=edge-$secret

for jar in home-service edge-service; do
    if [ ! -f "$jar/target/$jar.jar" ]; then
        ./mvnw -q -B -ntp package -Dmaven.test.skip=true -Dspotless.check.skip=true -pl home-service,edge-service -am
    fi
done

# Usage: service name jar argument ...
service() {
    local name=$1 jar=$2 index=0 role token
    shift 2
    (
        for role in ADMIN CLIENT EDGE; do
            token=${role}_TOKEN
            export "PERIGEE_SECURITY_TOKENS_${index}_NAME=$role" "PERIGEE_SECURITY_TOKENS_${index}_VALUE=${!token}" \
                "PERIGEE_SECURITY_TOKENS_${index}_ROLES=$role"
            index=$((index + 1))
        done
        export PERIGEE_AUTHTOKEN=$EDGE_TOKEN
        exec "$java" -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -jar "$jar/target/$jar.jar" \
            --server.address=127.0.0.1 "$@"
    ) >"$work/$name.log" 2>&1 &
    pids+=($!)
    names+=("$name")
}

# Waits for a line of a service's log. Usage: await name pattern
await() {
    local deadline=$((SECONDS + 180)) pid
    until grep -q "$2" "$work/$1.log"; do
        for pid in "${pids[@]}"; do
            kill -0 "$pid" 2>/dev/null || fail "a service has ended before $1 said: $2"
        done
        [ "$SECONDS" -lt "$deadline" ] || fail "$1 never said: $2"
        sleep 0.2
    done
}

# A home with a database of its own, which goes with it. Usage: embedded_home name port database-port argument ...
embedded_home() {
    local name=$1 port=$2 database=$3
    shift 3
    service "$name" home-service --server.port="$port" --perigee.home.database.ephemeral=true \
        --perigee.home.database.port="$database" --perigee.home.database.connect-timeout=30s "$@"
    await "$name" 'Started HomeApplication'
}
