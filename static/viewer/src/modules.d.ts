/** What the type checker cannot read by itself: single-file components, and a library without types. */
declare module '*.vue' {
  import type { Component } from 'vue';
  const component: Component;
  export default component;
}

/** An animated GIF, frame by frame; palettes are colours [r, g, b], pixels RGBA. */
declare module 'gifenc' {
  type Palette = number[][];
  interface Encoder {
    writeFrame(index: Uint8Array, width: number, height: number, options: { palette: Palette; delay: number }): void;
    finish(): void;
    bytes(): Uint8Array<ArrayBuffer>;
  }
  export function GIFEncoder(): Encoder;
  export function quantize(pixels: Uint8ClampedArray, colours: number): Palette;
  export function applyPalette(pixels: Uint8ClampedArray, palette: Palette): Uint8Array;
}
