//! Writes the stubs: kvindex-client-generate DESCRIPTORS FILE OUT_FOLDER. The descriptors are protoc's.

use std::env::args;

fn main() {
    let [descriptors, file, out]: [String; 3] = args()
        .skip(1)
        .collect::<Vec<_>>()
        .try_into()
        .expect("usage: kvindex-client-generate DESCRIPTORS FILE OUT_FOLDER");
    tonic_prost_build::configure()
        .build_server(false)
        .build_transport(false)
        .skip_protoc_run()
        .file_descriptor_set_path(descriptors)
        .out_dir(out)
        .compile_protos(&[file], &[] as &[String])
        .expect("the stubs are written");
}
