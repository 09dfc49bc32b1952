/** The shapes of what modules hand to each other. Lengths are mm, places RAS+ mm, indices (i, j, k) with i fastest. */
import type vtkCamera from '@kitware/vtk.js/Rendering/Core/Camera.js';

// Its types forget the argument.
declare module '@kitware/vtk.js/Common/DataModel/PiecewiseFunction.js' {
  interface vtkPiecewiseFunction {
    getValue(x: number): number;
  }
}

declare global {
  interface Array<T> {
    /** As in the library, but a tuple stays a tuple of the same length. */
    map<U>(fn: (value: T, index: number, array: T[]) => U): { [K in keyof this]: U };
  }
  interface Window {
    spineview?: object;
  }
}

export type Vec2 = [number, number];
export type Vec3 = [number, number, number];
/** Red, green and blue, 0 to 1. */
export type Rgb = Vec3;
export type Numbers = readonly number[];
export type Plane = 'axial' | 'coronal' | 'sagittal';
export type Texts = Record<string, string>;

/** Where voxels lie in the patient; the rows of `direction` are R, A, S, its columns the unit vectors of i, j, k. */
export interface Grid {
  shape: number[];
  spacing_mm: number[];
  origin_mm: number[];
  direction: number[][];
}

/** How a plane's picture is walked in a grid: the voxel of element (0, 0), and the steps along u, v and the normal. */
export interface Walk {
  start: Numbers;
  du: Numbers;
  dv: Numbers;
  dn: Numbers;
}

/** A grid along the patient's own axes that covers a scan; `aligned` where the scan lies along them itself. */
export interface Frame extends Grid {
  aligned: boolean;
  /** Of a frame that follows a curve: how row `y` of a picture is walked, which has no v. */
  bend?: (grid: Grid, plane: Plane, slice: number, y: number) => Walk;
}

/** What a slice panel shows of its plane: the centre in mm along the screen's axes, and mm per CSS px. */
export interface View {
  centre: number[];
  mmPerPx: number;
}

/** How many slices are shown as one, and how. */
export interface Slab {
  count: number;
  mode: 'max' | 'mean';
}

export type Voxels = Int16Array | Uint8Array;
/** A part of a plane's picture, in its elements. */
export interface Part {
  x: number;
  y: number;
  width: number;
  height: number;
}
/** Fills `out` (u fastest) with a plane of the patient, or only a part of it. */
export type Sampler = (plane: Plane, slice: number, slab: Slab, out: Voxels, part?: Part) => void;

export interface LabelStatistics {
  centre_mm: number[];
  low_mm: number[];
  high_mm: number[];
}

/** A mask as display.json describes it. */
export interface MaskRecord {
  id: string;
  kind: string;
  url: string;
  labels: number[];
  indexed_mesh_urls: Record<string, string>;
  statistics?: Record<string, LabelStatistics>;
}

export interface DistancePair {
  mask: string;
  reference: string;
  url: string;
}

export interface Preview {
  url: string;
  shape: number[];
  spacing_mm: number[];
  origin_mm: number[];
  factors: number[];
}

/** display.json: all that is needed to draw a study. */
export interface Display extends Grid {
  hu_range: number[];
  coding?: string;
  volume_url: string;
  preview: Preview | null;
  masks: MaskRecord[];
  distances: DistancePair[];
  measurements_url: string;
  reviews_url: string;
}

/** A volume in memory: its grid and its HU. */
export interface Volume {
  grid: Grid;
  values: Int16Array;
}

/** A scan on its way: `values` hold the preview, stretched, until `whole` is fulfilled. */
export interface Scan {
  values: Int16Array;
  preview: Volume | null;
  whole: Promise<Int16Array>;
  onArrival(listener: (slices: number) => void): () => void;
}

/** The labels of a mask, cut to the box that they fill: its first voxel, its size, its labels. */
export interface LabelBox {
  first: number[];
  shape: number[];
  values: Uint8Array;
}

/** Colours by label, 0 to 1. */
export type Colours = Record<string, Rgb>;
/** Opacities by label, 0 to 1; 1 where a label has none. */
export type Opacities = Record<string, number>;

/**
 * A mask as the panels draw it; `names` of its labels that are written at them, `shares` their parts of the opacity,
 * `colours3d` those of its surfaces.
 */
export interface Mask {
  id: string;
  box: LabelBox;
  grid: Grid;
  colours: Colours;
  colours3d?: Colours;
  names: Record<string, string>;
  shares: Opacities;
}

/** How masks are drawn on slices: opacity 0 to 1 of areas, style "both", "filled" or "outline", whether with names. */
export interface Look {
  opacity: number;
  style: string;
  names: boolean;
}

/** A mask that colours the CT in 3D; its voxels are merged only when `image()` is called. */
export interface ColourMask {
  colours: Colours;
  image(): import('@kitware/vtk.js/Common/DataModel/ImageData.js').vtkImageData;
}

/** Colour points [HU, r, g, b] and opacity points [HU, opacity], rising in HU; opacities are those of one millimetre. */
export interface Transfer {
  colours: number[][];
  opacities: number[][];
  shade: boolean;
  /** HU a mm from which an edge has all of its opacity; all has it where there is none. */
  edge?: number;
}

/** What the page chose; see docs/viewer.md. */
export interface MaskSettings {
  shown: string[];
  colours: Record<string, Record<string, number[]>>;
  hidden?: Record<string, number[]>;
  labelOpacity?: Record<string, Record<string, number>>;
  /** As `colours`, of the surfaces in 3D where they are others. */
  surfaceColours?: Record<string, Record<string, number[]>>;
  /** By mask and label; empty for masks that need none. */
  names?: Record<string, Record<string, string>>;
}

export interface Settings extends MaskSettings {
  window: number[];
  tool: string;
  volumePreset: string;
  layout: string;
  plane: Plane;
  slab: [number, Slab['mode']];
  opacity: number;
  maskStyle: string;
  namesShown: boolean;
  crosshairShown: boolean;
  maskStyle3d: string;
  clip: number[][];
  /** Whether the box is drawn, with its handles. */
  clipShown: boolean;
}

export interface Crosshair {
  readonly world: Vec3;
  readonly index: Vec3;
  readonly voxel: Vec3;
  moveToWorld(world: Numbers): boolean;
  moveTo(index: Numbers): boolean;
  step(axis: number, by: number): boolean;
  onMove(listener: (index: Vec3, world: Vec3) => void): () => void;
}

/** What is read of a 3D camera: vtk.js's own, or nine numbers. */
export type CameraPose = Pick<vtkCamera, 'getPosition' | 'getFocalPoint' | 'getViewUp' | 'getViewAngle'>;

export type MeasurementKind = 'distance' | 'angle' | 'cobb' | 'ellipse';

/** Figures of the voxels in an ellipse; empty for other kinds. */
export interface EllipseStatistics {
  mean_hu: number;
  sd_hu: number;
  voxels: number;
}

/** A measurement; `points` are RAS+ mm, `url` is empty until the server gave one. */
export interface Measurement {
  url: string;
  kind: MeasurementKind;
  plane: Plane;
  points: Vec3[];
  label: string;
  statistics: Partial<EllipseStatistics>;
}

/** The study's measurements, what is being drawn, and changes to them. */
export interface Measurements {
  readonly items: Measurement[];
  readonly tool: MeasurementKind | '';
  readonly selected: Measurement | null;
  /** The one that `undo` brings back. */
  readonly removed: Measurement | null;
  csvUrl: string;
  onChange(listener: () => void): () => void;
  load(): Promise<unknown>;
  setTool(next: MeasurementKind | ''): void;
  select(item: Measurement | null): void;
  add(kind: MeasurementKind, plane: Plane, points: Vec3[]): Promise<unknown>;
  shape(item: Measurement, points: Vec3[]): void;
  keep(item: Measurement): Promise<unknown>;
  remove(item: Measurement): Promise<unknown>;
  undo(): Promise<unknown>;
}

export type DrawnLine = [Vec3, Vec3];
export type DrawnFormula = '' | 'distance' | 'cobb' | 'lordosis' | 'kyphosis' | 'slope';

/** A measure of the program's as it is drawn; places are RAS+ mm. `text` is its value until lines are moved. */
export interface DrawnMeasure {
  target: string;
  name: string;
  plane: Plane;
  lines: DrawnLine[];
  guides: DrawnLine[];
  formula: DrawnFormula;
  text: string;
  unit: string;
  digits: number;
  canEdit: boolean;
  isMoved?: boolean;
}

/** What measurements need of a slice panel. */
export interface MeasurablePanel {
  plane: Plane;
  axis: number;
  toScreen(world: Numbers): Vec2;
  toWorld(at: Numbers): Vec3;
  watch(watcher: () => void): () => void;
  reset(): void;
  showBox(low: Numbers, high: Numbers): void;
}
