import type { Raster } from "../../lib/core/raster.ts";
import { readIdentity } from "../../lib/dicom/data_set/identity.ts";
import { TAG } from "../../lib/dicom/data_set/tags.ts";
import { writeDicom } from "../../lib/dicom/data_set/write.ts";
import { readSource } from "../../lib/dicom/segmentation/read_source.ts";
import { TISSUE } from "../../lib/dicom/segmentation/segment_description.ts";
import { writeSegmentation } from "../../lib/dicom/segmentation/write_segmentation.ts";
import { drawVisit } from "../../lib/sample/patient.ts";
import { DICOM_DATA, hasDicom } from "./dicom_data.ts";
import { pixelModule } from "./dicom_files.ts";

/** Files of a patient in an archive, and what they are. */
export interface ArchivedPatient {
  patientId: string;
  study: string;
  series: string;
  /** In slice order; the files are stored in the other order. */
  slices: { instance: string; file: Uint8Array<ArrayBuffer> }[];
  /** A segmentation of the slices. */
  annotation: {
    series: string;
    instance: string;
    file: Uint8Array<ArrayBuffer>;
    segment: string;
  };
}

/** Two studies of one patient: real CT where it is there, else drawn. */
export function twoStudies(): [ArchivedPatient, ArchivedPatient] {
  return hasDicom ? realStudies() : [drawStudy(1), drawStudy(2)];
}

const CT = {
  root: "1.2.392.200103.20080913.113635",
  study: "0.2009.6.22.21.43.10.22941.1",
  series: "1.2009.6.22.21.43.10.23430.1",
  // The first file lies highest.
  slices: ["03", "02", "01"].map((name) => ({
    name,
    instance: `2.2009.6.22.21.43.10.2343${name[1]}.1`,
  })),
};

function realStudies(): [ArchivedPatient, ArchivedPatient] {
  const read = (path: string) => Deno.readFileSync(new URL(path, DICOM_DATA));
  const slices = CT.slices.map(({ name, instance }) => ({
    instance: `${CT.root}.${instance}`,
    file: read(`ct-3slice/${name}.dcm`),
  }));
  const first = {
    patientId: "99000",
    study: `${CT.root}.${CT.study}`,
    series: `${CT.root}.${CT.series}`,
    slices,
    annotation: {
      series: "1.2.276.0.7230010.3.1.3.0.42154.1458337731.665795",
      instance: "1.2.276.0.7230010.3.1.4.0.42154.1458337731.665796",
      file: read("segmentations/liver.dcm"),
      segment: "1",
    },
  };
  // The same images as those of a later study, under identifiers of their own.
  const root = CT.root.replace(/5$/, "6");
  const rename = (text: string) => text.replace(CT.root, root);
  const second = {
    ...first,
    study: rename(first.study),
    series: rename(first.series),
    slices: slices.map(({ instance, file }) => ({
      instance: rename(instance),
      file: replaceText(file, CT.root, root),
    })),
  };
  return [first, second];
}

/** A file in which a text is another one of its length. */
export function replaceText(file: Uint8Array, from: string, to: string) {
  const out = new Uint8Array(file);
  const [wanted, other] = [from, to].map((text) =>
    new TextEncoder().encode(text)
  );
  for (let at = 0; at <= out.length - wanted!.length; at++) {
    if (wanted!.every((byte, i) => out[at + i] === byte)) out.set(other!, at);
  }
  return out;
}

const DRAWN_CLASS = "1.2.840.10008.5.1.4.1.1.2";

/** A study of three slices of the generated patient. */
export function drawStudy(number: number, slices = 3): ArchivedPatient {
  const [study, series] = [`2.25.${number}1`, `2.25.${number}2`];
  const visits = Array.from(
    { length: slices },
    (_, i) => drawVisit((number + i - 1) % 5 + 1),
  );
  const files = visits.map(({ image }, i) => ({
    instance: `2.25.${number}3${i}`,
    file: writeSlice(image, { study, series, number, place: i }),
  }));
  const file = writeSegmentation(
    visits.map(({ mask }, i) => ({ source: readSource(files[i]!.file), mask })),
    { label: "lesion", category: TISSUE, property: TISSUE, model: null },
  );
  return {
    patientId: "drawn-4711",
    study,
    series,
    slices: files,
    annotation: { ...readIdentity(file)!, file, segment: "1" },
  };
}

/** A slice of a drawn study. */
export function writeSlice(
  { data, width, height, channels }: Raster,
  { study, series, number, place }: {
    study: string;
    series: string;
    number: number;
    place: number;
  },
) {
  const instance = `2.25.${number}3${place}`;
  return writeDicom(
    { classUid: DRAWN_CLASS, instanceUid: instance },
    { uid: "2.25.1", name: "TEST" },
    [
      [TAG.sopClass, "UI", DRAWN_CLASS],
      [TAG.sopInstance, "UI", instance],
      [TAG.studyDate, "DA", "20261117"],
      [TAG.modality, "CS", "CT"],
      [TAG.patientName, "PN", "Roe^Richard"],
      [TAG.patientId, "LO", "drawn-4711"],
      [TAG.sliceThickness, "DS", "2.5"],
      [TAG.studyInstance, "UI", study],
      [TAG.seriesInstance, "UI", series],
      [TAG.instanceNumber, "IS", `${9 - place}`],
      [TAG.imagePosition, "DS", `0\\0\\${place * 2.5}`],
      [TAG.imageOrientation, "DS", "1\\0\\0\\0\\1\\0"],
      [TAG.frameOfReference, "UI", `2.25.${number}4`],
      [TAG.pixelSpacing, "DS", "0.8\\0.8"],
      ...pixelModule(
        { width, height },
        new Uint8Array(data.filter((_, i) => i % channels === 0)),
      ),
    ],
  );
}
