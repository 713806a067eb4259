import { mount } from "svelte";
import App from "./App.svelte";
import { tauri } from "./host/tauri";
import "./styles/desk.css";

const target = document.getElementById("desk");
if (!target) throw new Error("index.html has no #desk");
mount(App, { target, props: { host: tauri } });
