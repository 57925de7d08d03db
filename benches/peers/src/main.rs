//! `peers FILE`: the file as JSON on standard output, by librdb's own exporter.

use std::ffi::CString;
use std::os::unix::ffi::OsStringExt;
use std::ptr::null_mut;

use librdb_sys as rdb;

fn main() {
    let file = std::env::args_os().nth(1).expect("usage: peers FILE");
    let file = CString::new(file.into_vec()).expect("a path without a zero byte");
    let mut conf = rdb::RdbxToJsonConf {
        level: rdb::RdbHandlersLevel_RDB_LEVEL_DATA,
        encoding: rdb::RdbxToJsonEnc_RDBX_CONV_JSON_ENC_PLAIN,
        includeDbInfo: 0,
        includeAuxField: 0,
        includeFunc: 0,
        includeStreamMeta: 0,
        includeStreamIdmp: 0,
        flatten: 0,
    };
    // SAFETY: every pointer is one that librdb gave, or outlives the call it is passed to.
    let status = unsafe {
        let parser = rdb::RDB_createParserRdb(null_mut());
        rdb::RDB_setLogLevel(parser, rdb::RdbLogLevel_RDB_LOG_ERR);
        assert!(!rdb::RDBX_createReaderFile(parser, file.as_ptr()).is_null());
        assert!(!rdb::RDBX_createHandlersToJson(parser, null_mut(), &mut conf).is_null());
        let status = loop {
            match rdb::RDB_parse(parser) {
                rdb::RdbStatus_RDB_STATUS_WAIT_MORE_DATA => {}
                status => break status,
            }
        };
        rdb::RDB_deleteParser(parser);
        status
    };
    std::process::exit(i32::from(status != rdb::RdbStatus_RDB_STATUS_OK));
}
