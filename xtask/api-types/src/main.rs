//! Prints the TypeScript definitions of the engine's interface (`cargo xtask types` writes them where the page finds them).
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

fn main() {
    print!("{}", sotto_client_engine::api::typescript());
}
