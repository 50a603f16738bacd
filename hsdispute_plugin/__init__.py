"""合水县社会保险费征缴争议处理规则插件 (合政办发〔2025〕30号): decides tickets of a county OA or 12345 hotline by rule files."""
