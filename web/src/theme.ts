import { createTheme, type MantineColorsTuple } from '@mantine/core';

const dark: MantineColorsTuple = ['#e3e7eb', '#b9c1ca', '#a3adb8', '#6c7682', '#3d444c', '#31373d', '#22272c', '#1b1f23', '#14171a', '#0e1113'];
const red: MantineColorsTuple = ['#fdeceb', '#f9d3d0', '#f3aaa4', '#f28b82', '#e6584e', '#d93a2f', '#c62d22', '#b42318', '#9a1c12', '#7f140b'];
const harbour: MantineColorsTuple = ['#eaf3fd', '#d3e4f6', '#a5c7ec', '#74a8e3', '#4c8edb', '#347ed6', '#2876d5', '#1c64bd', '#1459a9', '#064d95'];

/** The look of every screen: dense, one accent, the system's own fonts. */
export const theme = createTheme({
  primaryColor: 'harbour',
  colors: { harbour, dark, red },
  primaryShade: { light: 7, dark: 7 },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  headings: { fontWeight: '600', sizes: { h1: { fontSize: '1.25rem' }, h2: { fontSize: '1rem' }, h3: { fontSize: '0.875rem' } } },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'xs' } },
    TextInput: { defaultProps: { size: 'xs' } },
    PasswordInput: { defaultProps: { size: 'sm' } },
    Select: { defaultProps: { size: 'xs', checkIconPosition: 'right' } },
    MultiSelect: { defaultProps: { size: 'xs' } },
    NumberInput: { defaultProps: { size: 'xs' } },
    Textarea: { defaultProps: { size: 'xs' } },
    Checkbox: { defaultProps: { size: 'xs' } },
    SegmentedControl: { defaultProps: { size: 'xs' } },
    Tooltip: { defaultProps: { withArrow: true, openDelay: 250, multiline: true, maw: 420 } },
    Table: { defaultProps: { verticalSpacing: 5, horizontalSpacing: 'sm', fz: 'sm' } },
    Modal: { defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } },
    Drawer: { defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } },
    Anchor: { defaultProps: { underline: 'hover' } },
  },
});
