//! Which class and activity of OCSF a call of an AWS API is.

use super::frame::Class;

const API_ACTIVITY: Class = Class {
    uid: 6003,
    name: "API Activity",
    category_uid: 6,
    category: "Application Activity",
};
/// Somebody signs in, or is given a session.
pub(crate) const AUTHENTICATION: Class = Class {
    uid: 3002,
    name: "Authentication",
    category_uid: 3,
    category: "Identity & Access Management",
};
const ACCOUNT_CHANGE: Class = Class {
    uid: 3001,
    name: "Account Change",
    category_uid: 3,
    category: "Identity & Access Management",
};

/// The class and activity that Security Lake gives to an operation.
pub(crate) fn classify(operation: &str) -> (Class, (i32, &'static str)) {
    match operation {
        "ConsoleLogin"
        | "SwitchRole"
        | "ExitRole"
        | "AssumeRoot"
        | "CheckMfa"
        | "AssumeRole"
        | "AssumeRoleWithSAML"
        | "AssumeRoleWithWebIdentity"
        | "GetFederationToken"
        | "GetSessionToken" => (AUTHENTICATION, (1, "Logon")),
        "CreateUser" | "CreateRole" | "CreateAccessKey" | "CreateLoginProfile" => {
            (ACCOUNT_CHANGE, (1, "Create"))
        }
        "ChangePassword" | "UpdateLoginProfile" => (ACCOUNT_CHANGE, (3, "Password Change")),
        "UpdateAccessKey" => (ACCOUNT_CHANGE, (5, "Disable")),
        "DeleteUser" | "DeleteRole" | "DeleteAccessKey" => (ACCOUNT_CHANGE, (6, "Delete")),
        "AttachUserPolicy" | "AttachRolePolicy" | "PutUserPolicy" | "PutRolePolicy" => {
            (ACCOUNT_CHANGE, (7, "Attach Policy"))
        }
        "DetachUserPolicy" | "DetachRolePolicy" | "DeleteUserPolicy" => {
            (ACCOUNT_CHANGE, (8, "Detach Policy"))
        }
        other => (API_ACTIVITY, api_activity(other)),
    }
}

fn api_activity(operation: &str) -> (i32, &'static str) {
    let begins = |verbs: &[&str]| verbs.iter().any(|verb| operation.starts_with(verb));
    if begins(&[
        "Get", "List", "Describe", "Head", "Lookup", "Batch", "Query", "Filter", "Decrypt",
    ]) {
        (2, "Read")
    } else if begins(&["Create", "Run", "Register", "Allocate", "Generate", "Copy"]) {
        (1, "Create")
    } else if begins(&[
        "Put", "Update", "Modify", "Set", "Attach", "Tag", "Start", "Stop",
    ]) {
        (3, "Update")
    } else if begins(&["Delete", "Terminate", "Remove", "Deregister"]) {
        (4, "Delete")
    } else {
        (99, "Other")
    }
}
