export const agent = () => ({});
