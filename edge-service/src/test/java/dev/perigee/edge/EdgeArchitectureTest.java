package dev.perigee.edge;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** One direction: the cache knows nobody, the link writes its watermarks, the read path uses both. */
@AnalyzeClasses(packages = "dev.perigee.edge", importOptions = ImportOption.DoNotIncludeTests.class)
class EdgeArchitectureTest {

    @ArchTest
    static final ArchRule cacheKnowsNobody = noClasses()
            .that()
            .resideInAPackage("dev.perigee.edge.cache")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.perigee.edge.link", "dev.perigee.edge.query", "dev.perigee.edge.security");

    @ArchTest
    static final ArchRule linkDoesNotKnowTheReadPath = noClasses()
            .that()
            .resideInAPackage("dev.perigee.edge.link")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.perigee.edge.query", "dev.perigee.edge.security");

    @ArchTest
    static final ArchRule noCycles =
            slices().matching("dev.perigee.edge.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule coreIsPlainJava = noClasses()
            .that()
            .haveNameMatching(
                    ".*\\.(Watermarks|ResultCache|CachedResult|QueryKey|Statements|Traffic|LinkMachine|LinkState"
                            + "|Freshness|AckPace|Backoff|FrameParser|SingleFlight|CacheControl|CacheStatus)(\\$.*)?")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.springframework..", "io.netty..", "reactor.netty..");
}
