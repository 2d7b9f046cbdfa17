import java.io.File
import org.openapitools.client.apis.PatientsApi
import org.openapitools.client.apis.ReferencesApi

/** Enrols the first image with its annotation and segments the second: the server's address and three files. */
fun main(arguments: Array<String>) {
    val (url, image, mask, next) = arguments
    val references = ReferencesApi(url)
    val patients = PatientsApi(url)
    val enrolled = references.enrolReference("p-17", "visit-1", image = File(image), mask = File(mask))
    val found = patients.segmentImage("p-17", File(next))
    println("${enrolled.reference} ${found.present} ${found.mask.propertySize} ${found.mask.area} ${found.mask.counts}")
}
