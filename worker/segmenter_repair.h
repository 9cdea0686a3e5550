#ifndef WORKER_SEGMENTER_REPAIR_H
#define WORKER_SEGMENTER_REPAIR_H

/* Puts in order what a process left in a camera's recordings that ended without notice: removes
 * unfinished files and those that no playlist names, takes out of playlists what is not there, and
 * ends them, but not that of the hour current (hour_name), which goes on. What ended well is not
 * touched, nor are the hours before from (another; "": none). Returns 0 or -errno; a folder that is
 * not there is in order. Blocks for the disk. Nobody may be recording into it. */
int segmenter_repair_camera(const char *camera_dir, const char *from, const char *current);

#endif
